"""`.changes.json`, which every commit of a HubRepo rewrites: which paths the last commits changed.

Its nonce makes no commit empty (the client drops what changes nothing, and with it the check of the parent) and finds
a commit whose answer was lost. Its paths spare readers to list a large repository again for each new head. It is
believed only for commits whose titles carry its nonces; whatever else was committed makes the reader list everything.
"""

from __future__ import annotations

from collections.abc import Sequence

from submissions.records.base import Record

CHANGES = ".changes.json"
_REMEMBERED = 400
"""Paths in the file: some 30 kB."""


class ChangeEntry(Record):
    """What one commit changed: the id of each path's new content, None for what it deleted."""

    nonce: str
    ids: dict[str, str | None]


class ChangeLog(Record):
    """The last commits by HubRepos, oldest first."""

    steps: tuple[ChangeEntry, ...] = ()


def trim_log(steps: Sequence[ChangeEntry]) -> ChangeLog:
    """The newest steps that fit."""
    kept: list[ChangeEntry] = []
    room = _REMEMBERED
    for step in reversed(steps):
        room -= len(step.ids) + 1
        if room < 0:
            break
        kept.insert(0, step)
    return ChangeLog(steps=tuple(kept))
