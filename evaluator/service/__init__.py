"""Evaluator service: coordinator, submission queue, owner requests and shards."""
