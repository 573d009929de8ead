"""Repairs of file names, files and rows that need no knowledge of the submitter's intent."""
