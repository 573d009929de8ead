"""Builds benchmarks: imports collected data, checks it, and lays it out for the evaluator."""
