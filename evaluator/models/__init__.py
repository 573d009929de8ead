"""Models: chat templates, setup, memory model, weight canary, and the tiny demo model."""
