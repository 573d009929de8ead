"""Measurements of training, scheduling and the evaluator's own work."""
