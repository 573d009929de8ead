"""Estimates of an evaluation's time and cost."""
