"""Builds benchmarks: takes in what was collected, checks it, and lays it out for the evaluator."""
