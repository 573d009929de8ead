"""Processes that a benchmark measures beside ours: the work as others do it."""
