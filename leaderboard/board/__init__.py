"""Rows, filters, queries and citations of the boards."""
