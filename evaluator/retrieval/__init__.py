"""Retrievers: embedded indexes of a corpus, and servers of the Search-R1 family."""
