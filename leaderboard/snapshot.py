"""The arena as it stood at one moment, read once and shared by all requests until a repository moves on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from submissions.arena import Arena, protocols_in
from submissions.errors import Corrupt, NotFound
from submissions.frame import Frame
from submissions.ledger import Ledger
from submissions.models import History, Result, Submission, Task
from submissions.reported import SelfReported
from submissions.tracks import TRACKS

T = TypeVar("T")
P = ParamSpec("P")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unreadable:
    """A stored record that could not be read back."""

    record: str
    """What it is of: a submission's id, or the file's name."""
    why: str


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the pages show. Mappings are keyed by id, oldest first; tasks stand in the benchmark's order."""

    key: str
    """Equal keys mean equal content."""
    tasks: Mapping[str, Task]
    submissions: Mapping[str, Submission]
    histories: Mapping[str, History]
    results: Mapping[str, Mapping[str, Result]]
    """By submission, then by protocol; the one to show stands first."""
    previews: Mapping[str, Mapping[str, Result]]
    """What the few-shot stages of running evaluations measured, likewise."""
    ledgers: Mapping[str, Mapping[str, Ledger]]
    """What the published evaluations cost, likewise."""
    frames: Mapping[str, Frame]
    """How a row is shown to the model, by protocol."""
    reported: Mapping[str, tuple[SelfReported, ...]]
    """What teams say of their own systems, by track."""
    unreadable: tuple[Unreadable, ...]

    @property
    def published(self) -> list[tuple[str, Result]]:
        """Every result with its submission's id, oldest submission first."""
        return [(ulid, result) for ulid, found in self.results.items() for result in found.values()]

    def whole(self, ulid: str, protocol: str) -> Result:
        """A result with every figure of its tasks, for a page about one submission. Raises KeyError."""
        return self.results[ulid][protocol]


def per_snapshot(compute: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
    """Remember what was computed from a snapshot for as long as that snapshot is in use."""
    known: WeakKeyDictionary[Snapshot, dict[Hashable, T]] = WeakKeyDictionary()

    @wraps(compute)
    def remembered(snapshot: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
        values = known.setdefault(snapshot, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in values:
            values[key] = compute(snapshot, *args, **kwargs)
        return values[key]

    return remembered


class Reader:
    """Hands out the newest snapshot; reads the repositories again only when a head has moved."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self._lock = threading.Lock()
        self._latest: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """The arena at its present heads. Raises Corrupt if a head itself is unreadable."""
        key = f"{self.arena.results.head()[:16]}-{self.arena.submissions.head()[:16]}"
        with self._lock:
            if self._latest is None or self._latest.key != key:
                self._latest = _Reading(self.arena).snapshot(key, self._latest)
            return self._latest


class _Reading:
    """One pass over both repositories that survives records it cannot read.

    A writer that commits meanwhile moves a head, so the next request reads again.
    """

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.unreadable: list[Unreadable] = []

    def snapshot(self, key: str, before: Snapshot | None) -> Snapshot:
        # A submission is written once, so one that was read before needs no second look.
        known = before.submissions if before else {}
        ids = self.arena.submission_ids()
        submissions = {ulid: known[ulid] for ulid in ids if ulid in known}
        submissions |= self._each([ulid for ulid in ids if ulid not in known], self.arena.submission)
        tasks = self._read("tasks.jsonl", self.arena.tasks) or ()
        return Snapshot(
            key=key,
            tasks={task.id: task for task in tasks},
            submissions=dict(sorted(submissions.items())),
            histories=self._each(submissions, self.arena.history),
            results=self._by_protocol("results", self.arena.result),
            previews=self._by_protocol("previews", self.arena.preview),
            ledgers=self._by_protocol("costs", self.arena.ledger),
            frames={frame.protocol: frame for frame in self._read("frames.jsonl", self.arena.frames) or ()},
            reported={name: self._reported(name) for name in TRACKS},
            unreadable=tuple(self.unreadable),
        )

    def _reported(self, track: str) -> tuple[SelfReported, ...]:
        return self._read(f"self_reported/{track}.json", partial(self.arena.reported, track)) or ()

    def _by_protocol(self, kind: str, read: Callable[[str, str], T]) -> dict[str, dict[str, T]]:
        found = {
            ulid: {name: self._read(ulid, partial(read, ulid, name)) for name in protocols}
            for ulid, protocols in sorted(protocols_in(self.arena.results, kind).items())
        }
        sound = {ulid: {name: one for name, one in by.items() if one is not None} for ulid, by in found.items()}
        return {ulid: by for ulid, by in sound.items() if by}

    def _each(self, ids: Mapping[str, object] | list[str], read: Callable[[str], T]) -> dict[str, T]:
        found = ((ulid, self._read(ulid, partial(read, ulid))) for ulid in ids)
        return {ulid: record for ulid, record in found if record is not None}

    def _read(self, record: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (Corrupt, NotFound) as error:
            log.error("unreadable record of %s: %s", record, error)
            # A NotFound names folders of this machine, which are no visitor's business.
            why = str(error) if isinstance(error, Corrupt) else "A file that should be there is missing."
            self.unreadable.append(Unreadable(record, why))
            return None
