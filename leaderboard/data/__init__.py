"""Snapshot of the arena, and the tables that pages and downloads show."""
