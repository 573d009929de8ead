"""`.changes.json`, which every commit of a HubRepo rewrites: paths changed by the last commits.

Its nonce makes no commit empty (the client drops an unchanged file, and with it the check of the parent) and finds
a commit whose answer was lost. Its paths spare readers to list a large repository again for each new head. It is
trusted only for commits whose titles carry its nonces; any other commit makes the reader list everything.
"""

from __future__ import annotations

from collections.abc import Sequence

from submissions.records.base import Record

CHANGES = ".changes.json"
_REMEMBERED = 400
"""Number of paths in the file: some 30 kB."""


class ChangeEntry(Record):
    """Changes of one commit: the id of each path's new content, None for a deleted one."""

    nonce: str
    ids: dict[str, str | None]


class ChangeLog(Record):
    """The last commits by HubRepos, oldest first."""

    steps: tuple[ChangeEntry, ...] = ()


def trim_log(steps: Sequence[ChangeEntry]) -> ChangeLog:
    """Return the newest entries that fit."""
    kept: list[ChangeEntry] = []
    room = _REMEMBERED
    for step in reversed(steps):
        room -= len(step.ids) + 1
        if room < 0:
            break
        kept.insert(0, step)
    return ChangeLog(steps=tuple(kept))
