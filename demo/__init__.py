"""Small benchmark and two submissions that ship with the repository."""
