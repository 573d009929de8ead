"""Measurements of the web app and of an arena on the Hub."""
