"""One sqlite file for answers, vectors and usage, written by several threads and processes.

It uses sqlite's own rollback journal: switching a new file to write-ahead logging does not wait for others that do
the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from evaluator.errors import ChatFailed
from submissions.storage.private_files import PRIVATE_DIR, make_dirs

_TABLES = (
    "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS spent (ledger TEXT PRIMARY KEY, prompt INTEGER NOT NULL, completion INTEGER NOT NULL)"
    " STRICT",
)
_BUSY_TIMEOUT_SECONDS = 60.0
"""Seconds that a writer waits for the one before."""
_DAMAGED = "it is damaged; move it away, or restore it: a new one repeats all calls, and counts spending from 0."
_TO_MEND = {
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: "free space on its disk, and run again; answers so far are stored.",
    sqlite3.SQLITE_BUSY: "another process has locked it; end that one, or wait for it, and run again.",
}
"""Suggested fix, by sqlite's primary result code."""
_ELSE = "make its folder and disk writable, and run again."


@contextmanager
def open_transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a separate connection in a transaction with the write lock; rolls back if the body raises.

    Raises ChatFailed where the file cannot be read or written.
    """
    make_dirs(path.parent, PRIVATE_DIR)
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for table in _TABLES:
                    connection.execute(table)
                yield connection
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        to_mend = _TO_MEND.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _ELSE)
        raise ChatFailed("The store of the chat model's answers failed.", f"{path}: {error}: {to_mend}") from error
