"""Submit form, its API, and the pages of running checks."""
