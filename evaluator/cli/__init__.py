"""Command line of the evaluator."""
