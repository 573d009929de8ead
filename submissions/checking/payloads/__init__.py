"""Kinds of artifacts that a track may accept, and their checks."""
