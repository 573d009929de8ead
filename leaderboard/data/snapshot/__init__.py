"""The arena at one moment, and how it is read."""
