"""How much a delivery may be, whatever the track; a track has its own limits for files and rows."""

MAX_ENTRIES = 10_000
"""In one folder or zip; far more than any benchmark has tasks."""

MAX_BYTES = 4 * 2**30
"""Of all members of a zip together, unpacked."""

MAX_COMPRESSION_RATIO = 200
"""Of unpacked to packed size, where more than RATIO_FROM bytes are unpacked; text packs to between 2 and 50."""

RATIO_FROM = 10 * 2**20


def is_bomb(unpacked: int, packed: int) -> bool:
    """Whether so much comes out of so little that it was made to fill memory or a disk."""
    return unpacked > RATIO_FROM and unpacked > MAX_COMPRESSION_RATIO * packed
