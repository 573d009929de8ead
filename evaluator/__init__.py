"""Scoring backend: fine-tunes the base model on each submitted data set and scores the result."""
