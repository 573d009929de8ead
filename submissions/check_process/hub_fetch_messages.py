"""Request and reply of the process that fetches named data sets."""

from __future__ import annotations

from typing import Literal

from submissions.checking.hub_datasets import HubDataset
from submissions.records.base import Record
from submissions.records.submission import PinnedFile


class FetchRequest(Record):
    """Data sets to fetch."""

    named: tuple[HubDataset, ...]
    track: str
    """Module that holds the track as TRACK."""
    ids: tuple[str, ...]
    """Ids of the track's tasks."""
    into: str
    """Folder, encoded by `encode_path`."""
    limit: int
    """Maximum bytes of all files."""


class FetchReply(Record):
    """Fetched files, or the reason why there are none."""

    files: tuple[str, ...] = ()
    """Paths in the folder."""
    pins: tuple[PinnedFile, ...] = ()
    fault: Literal["", "invalid", "unreachable", "machine", "program"] = ""
    what: str = ""
    fix: str = ""
    number: int = 0
    """Error number of a failure of the machine."""
