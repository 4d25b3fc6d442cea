"""Steps from an empty database to the tables of `schema.py`, in order. A step that was released never changes."""
