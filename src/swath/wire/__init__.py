"""Documents that cross a process or are written by people (pydantic)."""
