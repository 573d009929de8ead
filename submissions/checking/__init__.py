"""The check of a submission: reading, validation and problem reports."""
