"""Queue of unassigned units, with the rules for their assignment to workers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol


class WorkerView(Protocol):
    """Facts about a worker that the queue needs."""

    cached_keys: set[str]
    """Units whose trained model lies on the worker's node."""

    @property
    def running_keys(self) -> Collection[str]:
        """Units that the worker runs."""
        ...


@dataclass
class WorkQueue:
    """Queue of keys. Requeued ones go to its front."""

    keys: deque[str]
    _losses: Counter[str] = field(default_factory=Counter)
    _failed_at: dict[str, list[WorkerView]] = field(default_factory=dict)

    @classmethod
    def from_keys(cls, keys: Iterable[str]) -> WorkQueue:
        """Create the queue."""
        return cls(deque(keys))

    def __len__(self) -> int:
        return len(self.keys)

    def pop_for(self, worker: WorkerView, everyone: Collection[WorkerView]) -> str | None:
        """Pop the next unit for a worker; None if it may have none.

        Units already trained on its node come first; those trained elsewhere are left to the workers that have them.
        A failed unit goes to another worker, if possible. A unit that was running when a worker was lost goes only to
        an idle worker, and with no other beside it: it may kill workers, and other units should not be counted.
        """
        if any(self._losses[key] for key in worker.running_keys):
            return None
        elsewhere = {key for one in everyone if one is not worker for key in one.cached_keys} - worker.cached_keys
        fit = [key for key in self.keys if key not in elsewhere and self._is_eligible(key, worker, everyone)]
        taken = next((key for key in fit if key in worker.cached_keys), None) or next(iter(fit), None)
        if taken is not None:
            self.keys.remove(taken)
            worker.cached_keys.discard(taken)
        return taken

    def requeue_failed(self, key: str, worker: WorkerView) -> None:
        """Requeue a failed unit at the front, for another worker if possible."""
        self.keys.appendleft(key)
        self._failed_at.setdefault(key, []).append(worker)

    def requeue_front(self, keys: Iterable[str]) -> None:
        """Requeue units at the front after their worker was given up through no fault of theirs."""
        self.keys.extendleft(reversed(list(keys)))

    def record_loss(self, key: str) -> int:
        """Count the loss of a unit's worker and return the total. Does not requeue the unit."""
        self._losses[key] += 1
        return self._losses[key]

    def _is_eligible(self, key: str, worker: WorkerView, everyone: Collection[WorkerView]) -> bool:
        if self._losses[key] and worker.running_keys:
            return False
        failed = self._failed_at.get(key, [])
        return worker not in failed or all(one in failed for one in everyone)
