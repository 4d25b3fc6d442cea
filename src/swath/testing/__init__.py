"""Fakes, builders and contract suites for Swath's ports, shipped so that others can test their adapters."""
