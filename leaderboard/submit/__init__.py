"""Checks of uploads, and storage of accepted submissions."""
