"""How often a unit may fail before it is given up."""

from __future__ import annotations

import logging
from collections import Counter

from submissions.errors import EvaluatorError

log = logging.getLogger(__name__)


class Tries:
    """Counts the failures of units; the others go on meanwhile."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures: Counter[str] = Counter()
        self._first: EvaluatorError | None = None

    def again(self, name: str, key: str, error: EvaluatorError) -> bool:
        """Whether a unit that failed is tried again."""
        self._failures[key] += 1
        again = self._failures[key] < self._most
        log.warning("%s failed (%d of %d): %s", name, self._failures[key], self._most, error)
        if not again and self._first is None:
            self._first = error
        return again

    def raise_first(self) -> None:
        """Raise what the first unit failed by that was given up."""
        if self._first is not None:
            raise self._first
