"""How often a unit may fail before it is given up, and a station before it counts as broken."""

from __future__ import annotations

import logging
from collections import Counter

from submissions.errors import EvaluatorError

log = logging.getLogger(__name__)

MAX_CONSECUTIVE_FAILURES = 3
"""Different units that fail one after the other on a station: with the last of them it is the station that failed."""


class RetryPolicy:
    """Counts the failures of units; the others go on meanwhile."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures: Counter[str] = Counter()
        self._first: EvaluatorError | None = None

    def should_retry(self, name: str, key: str, error: EvaluatorError) -> bool:
        """Whether a unit that failed is tried again."""
        self._failures[key] += 1
        again = self._failures[key] < self._most
        log.warning("%s failed (%d of %d): %s", name, self._failures[key], self._most, error)
        if not again:
            self.record_final_failure(error)
        return again

    def record_final_failure(self, error: EvaluatorError) -> None:
        """Remember what a unit failed by that is not tried again."""
        if self._first is None:
            self._first = error

    def raise_first_failure(self) -> None:
        """Raise what the first unit failed by that was given up."""
        if self._first is not None:
            raise self._first


class FailureStreak:
    """The units that failed on a station since it last finished one."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def reset(self) -> None:
        """It finished a unit."""
        self._failed.clear()

    def record_failure(self, key: str) -> bool:
        """It failed at a unit: whether it is the station that is broken."""
        self._failed.add(key)
        return len(self._failed) >= MAX_CONSECUTIVE_FAILURES
