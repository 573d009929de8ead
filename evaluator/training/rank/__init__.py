"""Code of a trainer's ranks."""
