"""Text in, values out, and back. No I/O: the datasource does the reading and writing."""
