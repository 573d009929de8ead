"""Importers of published benchmarks, each a package with its command."""
