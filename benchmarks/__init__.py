"""Performance measurements that print ratios side by side: `python -m benchmarks.<name>`."""
