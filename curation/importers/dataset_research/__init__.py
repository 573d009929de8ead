"""Importer of the published DatasetResearch release: tasks, reference sets and scores."""
