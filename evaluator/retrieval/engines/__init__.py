"""Engines of embedded indexes, one file for each outside library."""
