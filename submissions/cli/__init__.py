"""Command line of a submitter, one file per command."""
