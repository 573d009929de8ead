"""Aggregate."""
