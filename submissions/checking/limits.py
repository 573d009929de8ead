"""Size limits of a delivery on every track; a track has its own limits for files and rows."""

MAX_ENTRIES = 10_000
"""Entries in one folder or zip; far more than any benchmark has tasks."""

MAX_BYTES = 4 * 2**30
"""Unpacked bytes of all members of a zip together."""

MAX_COMPRESSION_RATIO = 200
"""Ratio of unpacked to packed size above RATIO_FROM unpacked bytes; text packs to between 2 and 50."""

RATIO_FROM = 10 * 2**20


def is_bomb(unpacked: int, packed: int) -> bool:
    """Return whether the unpacked size marks a decompression bomb."""
    return unpacked > RATIO_FROM and unpacked > MAX_COMPRESSION_RATIO * packed
