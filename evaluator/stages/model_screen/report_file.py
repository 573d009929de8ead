"""Private file of a report, as JSON lines. It appears when the report ends, also where an error ends it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Self

from submissions.errors import TheirError
from submissions.records.base import Record
from submissions.storage.private_files import PRIVATE_DIR, PRIVATE_FILE, make_dirs, warn_if_exposed


class PublicPlace(TheirError):
    """A place for a private report that everybody may read."""


class ReportFile:
    """Writer of a report. A context manager; the file has mode 0600, and its folder too is private if it is new."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write_line(self, record: Record) -> None:
        """Append a record."""
        self._file.write(f"{record.model_dump_json()}\n".encode())

    def __enter__(self) -> Self:
        make_dirs(self._path.parent, PRIVATE_DIR)
        warn_if_exposed(self._path.parent)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".part-")  # of mode 0600
        self._partial, self._file = Path(name), os.fdopen(handle, "wb")
        return self

    def __exit__(self, *exception: object) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._partial.chmod(PRIVATE_FILE)
        self._partial.replace(self._path)


def check_private_place(path: Path, public: Path | None) -> None:
    """Raise PublicPlace if a file would lie in a published folder, or in place of a folder."""
    place = path.resolve()
    if public and place.is_relative_to(public.resolve()):
        raise PublicPlace(
            f"{path} lies in {public}, which is published, and the report quotes hidden rows: choose another --out."
        )
    if place.is_dir():
        raise PublicPlace(f"{path} is a folder: name the file of the report with --out.")
