"""The use case: read, crop, embed, select, commit. It knows ports, not technology; `run.py` reads like this line."""
