"""Page that compares two to five systems."""
