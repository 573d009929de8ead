"""Returns freed memory to the system; the C library would otherwise keep a process's peak."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENAS = -1, -3, -8
"""As `mallopt` of the GNU C library calls them."""


def limit_heap() -> None:
    """Limit the number of malloc heaps, and map each large block so that freeing it returns it.

    Call it before any thread starts, since each thread would get a fragmented heap. Arrow, if imported later, uses
    the same heap; its own pool would keep the memory needed for reading ten thousand results.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if library := _load_glibc():
        library.mallopt(_ARENAS, 2)
        library.mallopt(_MMAP_THRESHOLD, 2**18)
        library.mallopt(_TRIM_THRESHOLD, 2**20)


def release_memory() -> None:
    """Return free memory to the system, Arrow's too; call it after a large temporary computation."""
    if arrow := sys.modules.get("pyarrow"):
        arrow.default_memory_pool().release_unused()
    if library := _load_glibc():
        library.malloc_trim(0)


@cache
def _load_glibc() -> ctypes.CDLL | None:
    """Load the GNU C library; None for others, which lack these functions."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if library and hasattr(library, "malloc_trim") else None
