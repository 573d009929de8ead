"""Retry limits: failures until a unit is given up, and until a worker counts as broken."""

from __future__ import annotations

import logging
from collections import Counter

from submissions.errors import EvaluatorError

log = logging.getLogger(__name__)

MAX_CONSECUTIVE_FAILURES = 3
"""Consecutive failures of different units on a worker after which the worker itself counts as broken."""


class RetryPolicy:
    """Counts the failures of units while the others continue."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures: Counter[str] = Counter()
        self._first: EvaluatorError | None = None

    def should_retry(self, name: str, key: str, error: EvaluatorError) -> bool:
        """Return whether to retry a failed unit."""
        self._failures[key] += 1
        again = self._failures[key] < self._most
        log.warning("%s failed (%d of %d): %s", name, self._failures[key], self._most, error)
        if not again:
            self.record_final_failure(error)
        return again

    def record_final_failure(self, error: EvaluatorError) -> None:
        """Record the error of a unit that is not retried."""
        if self._first is None:
            self._first = error

    def raise_first_failure(self) -> None:
        """Raise the error of the first unit that was given up."""
        if self._first is not None:
            raise self._first


class FailureStreak:
    """Units that failed on a worker since it last finished one."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def reset(self) -> None:
        """Clear the streak after a finished unit."""
        self._failed.clear()

    def record_failure(self, key: str) -> bool:
        """Record a failed unit; return whether the worker counts as broken."""
        self._failed.add(key)
        return len(self._failed) >= MAX_CONSECUTIVE_FAILURES
