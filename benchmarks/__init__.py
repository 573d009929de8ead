"""Performance measurements, each printing ratios side by side: `python -m benchmarks.<name>`."""
