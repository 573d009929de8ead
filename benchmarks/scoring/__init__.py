"""Measurements of the screen, the metrics and the statistics."""
