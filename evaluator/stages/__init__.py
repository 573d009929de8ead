"""Evaluation stages, from the screen to the Result."""
