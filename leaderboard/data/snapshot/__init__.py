"""Immutable snapshot of the arena, shared by all requests until a repository's head changes."""
