"""Benchmark layout: reading, writing and verifying."""
