"""Scoring: metrics, normalization and statistics."""
