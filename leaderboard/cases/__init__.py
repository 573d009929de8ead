"""Building blocks of detected cases, whose detectors each track registers in its board."""
