"""Embedding models: interface, OpenAI-compatible client, cache and budget."""
