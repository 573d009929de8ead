"""The units that nobody works on, and who may have which of them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol


class WorkerView(Protocol):
    """A station, as far as the line looks at it."""

    cached_keys: set[str]
    """Units whose model lies there."""

    @property
    def running_keys(self) -> Collection[str]:
        """The units in its hands."""
        ...


@dataclass
class WorkQueue:
    """A line of keys. What comes back goes to its front."""

    keys: deque[str]
    _losses: Counter[str] = field(default_factory=Counter)
    _failed_at: dict[str, list[WorkerView]] = field(default_factory=dict)

    @classmethod
    def from_keys(cls, keys: Iterable[str]) -> WorkQueue:
        """The line as it begins."""
        return cls(deque(keys))

    def __len__(self) -> int:
        return len(self.keys)

    def pop_for(self, station: WorkerView, everyone: Collection[WorkerView]) -> str | None:
        """The next unit for a station; None where there is none for it.

        What is trained already on its node comes first, and what is trained elsewhere is left to those who have it. A
        unit that failed goes to another station, if there is one. A unit that was at work when a station was lost goes
        to empty hands, and nothing beside it: it may be what kills stations, and others should not count as such.
        """
        if any(self._losses[key] for key in station.running_keys):
            return None
        elsewhere = {key for one in everyone if one is not station for key in one.cached_keys} - station.cached_keys
        fit = [key for key in self.keys if key not in elsewhere and self._is_eligible(key, station, everyone)]
        taken = next((key for key in fit if key in station.cached_keys), None) or next(iter(fit), None)
        if taken is not None:
            self.keys.remove(taken)
            station.cached_keys.discard(taken)
        return taken

    def requeue_failed(self, key: str, station: WorkerView) -> None:
        """Back to the front, for another station if there is one."""
        self.keys.appendleft(key)
        self._failed_at.setdefault(key, []).append(station)

    def requeue_front(self, keys: Iterable[str]) -> None:
        """To the front: their station was given up, which they had no part in."""
        self.keys.extendleft(reversed(list(keys)))

    def record_loss(self, key: str) -> int:
        """How often a unit has lost its station, this time included. It is not in the line again."""
        self._losses[key] += 1
        return self._losses[key]

    def _is_eligible(self, key: str, station: WorkerView, everyone: Collection[WorkerView]) -> bool:
        if self._losses[key] and station.running_keys:
            return False
        failed = self._failed_at.get(key, [])
        return station not in failed or all(one in failed for one in everyone)
