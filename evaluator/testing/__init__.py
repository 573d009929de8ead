"""Test backends of the evaluator."""
