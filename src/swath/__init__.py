"""Swath: object-level curation for vision datasets.

The package does nothing on import. The command line is `swath.cli`; ARCHITECTURE.md says what each folder is for.
"""

__version__ = "0.1.0"
