"""Building blocks of insights, which each track registers in its board."""
