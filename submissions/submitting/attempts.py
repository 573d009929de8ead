"""Attempts used by a team on a track, and the limit that an organiser sets.

A submission that was rejected, withdrawn, or stopped by our failure costs none. A pending or running one counts: it
may end as a result. `bulk_commit` counts and stores in one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from submissions.arena.arena import Arena
from submissions.errors import CorruptRecord, NotFound, OurError
from submissions.names.look_alikes import are_alike
from submissions.records.status import State, Status
from submissions.tracks import TRACKS

FREE_STATES: frozenset[State] = frozenset({"refused", "withdrawn", "failed"})
"""States that cost no attempt. A failure is ours unless its status says otherwise; its retry counts again."""
_LIMIT = re.compile(r"([a-z][a-z0-9_]*)=(\d{1,6}|none)")


class SubmissionKey(Protocol):
    """Fields that identify an attempt: a submission, or its cached summary."""

    @property
    def id(self) -> str: ...
    @property
    def track(self) -> str: ...
    @property
    def team(self) -> str: ...
    @property
    def owner(self) -> str: ...


@dataclass(frozen=True)
class Attempts:
    """Attempts of a team on a track."""

    used: tuple[str, ...]
    """The submissions that count, oldest first."""
    limit: int | None
    """Attempt limit; None for no limit."""

    @property
    def left(self) -> int | None:
        """Number of attempts left; None without a limit."""
        return None if self.limit is None else max(0, self.limit - len(self.used))


def default_limits() -> dict[str, int]:
    """Return the tracks' own limits; a track that is not in it has none."""
    return {track.name: track.attempts for track in TRACKS.values() if track.attempts is not None}


def read_limits(text: str) -> dict[str, int]:
    """Parse limits by track, written `track=10,other=none`; `none` lifts a track's own. Raises OurError."""
    limits = default_limits()
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = _LIMIT.fullmatch(part)
        if match is None:
            raise OurError(
                f"{part[:80]!r} is not an attempt limit: write track=number or track=none, joined by commas."
            )
        limits.pop(match[1], None)
        if match[2] != "none":
            limits[match[1]] = int(match[2])
    return limits


def is_same_submitter(one: SubmissionKey, team: str, owner: str) -> bool:
    """Return whether a submission is by a team, or by its owner under another team's name."""
    account = owner.startswith("hf:") and one.owner == owner
    return account or are_alike(one.team, team)


def counts_as_attempt(arena: Arena, ulid: str) -> bool:
    """Return whether a submission counts as an attempt. An unreadable one is our failure."""
    try:
        return is_counted(arena.read_history(ulid).now)
    except CorruptRecord:
        return False


def is_counted(now: Status) -> bool:
    """Return whether a submission in this state counts as an attempt."""
    return now.state not in FREE_STATES or (now.state == "failed" and now.fault == "submission")


def count_attempts(
    arena: Arena,
    track: str,
    team: str,
    owner: str = "",
    *,
    limits: Mapping[str, int] | None = None,
    known: Mapping[str, SubmissionKey] | None = None,
) -> Attempts:
    """Count the attempts of a team, or of its submitter's account, on a track. `known` need not be read again.

    Without limits, those of the tracks hold.
    """
    limits = default_limits() if limits is None else limits
    theirs = [
        one.id for one in read_keys(arena, known or {}) if one.track == track and is_same_submitter(one, team, owner)
    ]
    return Attempts(tuple(ulid for ulid in theirs if counts_as_attempt(arena, ulid)), limits.get(track))


def read_keys(arena: Arena, known: Mapping[str, SubmissionKey]) -> Iterable[SubmissionKey]:
    """Yield the stored submissions, oldest first; those in `known` are not read, and unreadable ones are left out."""
    for ulid in arena.submission_ids():
        if ulid in known:
            yield known[ulid]
            continue
        try:
            yield arena.read_submission(ulid)
        except (CorruptRecord, NotFound):
            continue  # damaged, or deleted since it was listed: it must not block all others
