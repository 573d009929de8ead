"""Statistical rank sets of systems."""
