"""Compacted index files of results and submissions."""
