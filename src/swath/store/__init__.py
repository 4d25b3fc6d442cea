"""The database and the files it names; one module per noun. The only owner of datasets."""
