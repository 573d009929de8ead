"""One sqlite file for answers and spending: several threads and processes may write to it.

With sqlite's own rollback journal: turning a new file to write-ahead logging does not wait for others who do the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_TABLES = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS spent (ledger TEXT PRIMARY KEY, prompt INTEGER NOT NULL, completion INTEGER NOT NULL)"
    " STRICT",
)
_PATIENCE = 60.0
"""Seconds that a writer waits for the one before."""


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of its own, in a transaction that holds the write lock; what raises inside is rolled back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for table in _TABLES:
                connection.execute(table)
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
