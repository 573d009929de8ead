"""Executor on Ray: cluster, dispatcher, worker pool and worker actors."""
