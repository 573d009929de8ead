"""Total stage: scores of tasks, aggregated into a Result."""
