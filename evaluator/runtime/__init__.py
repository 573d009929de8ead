"""Runtime: child processes, locks, caches, costs and logs."""
