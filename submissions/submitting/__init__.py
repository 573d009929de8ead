"""Storing submissions, attempts and owner requests."""
