"""Image codecs: Pillow for every format, with a fast path for JPEG."""
