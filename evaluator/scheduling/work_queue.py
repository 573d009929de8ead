"""The units that nobody works on, and who may have which of them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol


class WorkerView(Protocol):
    """A station, as far as the line looks at it."""

    held: set[str]
    """Units whose model lies there."""

    @property
    def at_work(self) -> Collection[str]:
        """The units in its hands."""
        ...


@dataclass
class WorkQueue:
    """A line of keys. What comes back goes to its front."""

    keys: deque[str]
    _lost: Counter[str] = field(default_factory=Counter)
    _failed_at: dict[str, list[WorkerView]] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Iterable[str]) -> WorkQueue:
        """The line as it begins."""
        return cls(deque(keys))

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, station: WorkerView, everyone: Collection[WorkerView]) -> str | None:
        """The next unit for a station; None where there is none for it.

        What is trained already on its node comes first, and what is trained elsewhere is left to those who have it. A
        unit that failed goes to another station, if there is one. A unit that was at work when a station was lost goes
        to empty hands, and nothing beside it: it may be what kills stations, and others should not count as such.
        """
        if any(self._lost[key] for key in station.at_work):
            return None
        elsewhere = {key for one in everyone if one is not station for key in one.held} - station.held
        fit = [key for key in self.keys if key not in elsewhere and self._may(key, station, everyone)]
        taken = next((key for key in fit if key in station.held), None) or next(iter(fit), None)
        if taken is not None:
            self.keys.remove(taken)
            station.held.discard(taken)
        return taken

    def failed(self, key: str, station: WorkerView) -> None:
        """Back to the front, for another station if there is one."""
        self.keys.appendleft(key)
        self._failed_at.setdefault(key, []).append(station)

    def back(self, keys: Iterable[str]) -> None:
        """To the front: their station was given up, which they had no part in."""
        self.keys.extendleft(reversed(list(keys)))

    def lost(self, key: str) -> int:
        """How often a unit has lost its station, this time included. It is not in the line again."""
        self._lost[key] += 1
        return self._lost[key]

    def _may(self, key: str, station: WorkerView, everyone: Collection[WorkerView]) -> bool:
        if self._lost[key] and station.at_work:
            return False
        failed = self._failed_at.get(key, [])
        return station not in failed or all(one in failed for one in everyone)
