"""Limits of a delivery and of the process that checks it: the single source of the numbers in docs and messages."""

MAX_ENTRIES = 10_000
"""Entries in the folders and zips of a delivery together; far more than any benchmark has tasks."""

MAX_FILE_BYTES = 256 * 2**20
"""Bytes of one data file: as delivered, unpacked, and as stored."""

MAX_DELIVERY_BYTES = 2**30
"""Bytes of all files of a delivery: unpacked, and again as written by the check or the repair."""

MAX_UPLOAD_MB = 512
"""Default of the setting MAX_UPLOAD_MB: MiB of one upload, before it is unpacked."""

MAX_API_ROWS_BYTES = 2**20
"""Bytes of rows in one call of the API's `check`."""

MAX_COMPRESSION_RATIO = 200
"""Ratio of unpacked to packed size above RATIO_FROM unpacked bytes; text packs to between 2 and 50."""

RATIO_FROM = 10 * 2**20

MAX_MEMORY_BYTES = 3 * 2**29
"""Memory of the process that checks a delivery."""

LOWEST_PRIORITY = 19
"""Niceness of that process in a web app: pages are served first."""

FILE_CPU_SECONDS = 120
"""Processor time for one file."""

FILE_SECONDS = 600.0
"""Time for one file by the clock, on a machine that does other work too."""

CHECK_SECONDS = 900.0
"""Time for a whole delivery by the clock, and again for its repair."""

MAX_HUB_LINES = 500
"""Data sets on the Hub that one delivery names; as many lines as a benchmark has tasks, and more."""

MAX_HUB_FILES = 1_000
"""Files of these data sets that are fetched; their folders may list MAX_ENTRIES together."""

HUB_FETCH_SECONDS = 300.0
"""Time for the whole fetch of these files by the clock, however slow the Hub is."""

MAX_RESTARTS = 5
"""Files of a delivery that may end their process; after one more the rest is not checked."""

MAX_PROBLEMS = 5_000
"""Problems listed one by one in a delivery; after them each file's are counted."""


def is_bomb(unpacked: int, packed: int) -> bool:
    """Return whether the unpacked size marks a decompression bomb."""
    return unpacked > RATIO_FROM and unpacked > MAX_COMPRESSION_RATIO * packed
