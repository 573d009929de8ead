"""Limit of open files of this process, raised at the start."""

from __future__ import annotations

import resource

MAX_OPEN_FILES = 65_536
"""More than the site can use; some systems allow a billion, and tables of that size cost memory."""
RESERVED_FILES = 256
"""Open files for everything but visitors' connections: data, templates, the Hub, checks."""
MAX_CONNECTIONS = 4096


def raise_open_files() -> int:
    """Raise the soft limit of open files to the hard one, at most MAX_OPEN_FILES; return the limit now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MAX_OPEN_FILES if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def get_open_files() -> int:
    """Return the limit of open files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_OPEN_FILES if soft == resource.RLIM_INFINITY else soft


def count_connections(open_files: int) -> int:
    """Return the number of connections that fit into a limit of open files, beside RESERVED_FILES."""
    return min(MAX_CONNECTIONS, open_files - min(RESERVED_FILES, open_files // 2))
