"""Takes in the published release of DatasetResearch: its tasks, reference sets and scores."""
