"""Documents of the compatibility facade, in the shapes that the format's official clients demand."""
