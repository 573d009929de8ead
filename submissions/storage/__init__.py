"""Versioned storage in a folder or on the Hub."""
