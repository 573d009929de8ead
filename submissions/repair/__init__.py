"""Repairs of file names, files and rows that need no knowledge of what the submitter meant."""
