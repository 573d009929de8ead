"""Publishing: leases, buffered commits, results, drafts and status."""
