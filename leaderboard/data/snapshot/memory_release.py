"""Memory that was freed goes back to the system: the C library would keep what a process ever needed at once."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENAS = -1, -3, -8
"""As `mallopt` of the GNU C library calls them."""


def limit_heap() -> None:
    """Few heaps for all threads, and one mapping for each large block, which is gone when it is freed.

    To be called before there are threads. Each of them would have a heap of its own, with holes of its own. Arrow, if
    it is imported later, takes from the same heap: its own keeps what reading ten thousand results needed.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if library := _load_glibc():
        library.mallopt(_ARENAS, 2)
        library.mallopt(_MMAP_THRESHOLD, 2**18)
        library.mallopt(_TRIM_THRESHOLD, 2**20)


def release_memory() -> None:
    """Hand back what is free now, Arrow's too: after much was computed of which little is kept."""
    if arrow := sys.modules.get("pyarrow"):
        arrow.default_memory_pool().release_unused()
    if library := _load_glibc():
        library.malloc_trim(0)


@cache
def _load_glibc() -> ctypes.CDLL | None:
    """The C library if it is GNU's; others have no such functions."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if library and hasattr(library, "malloc_trim") else None
