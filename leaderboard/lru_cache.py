"""The cache of the web app: bounded, thread-safe, evicts what was least recently used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Values by key, bounded in number, in total weight, or in both.

    A new value is always stored, even one that is heavier than all entries together may be. functools.lru_cache counts
    entries only; responses, board rows and pairwise counts have to be bounded by their size.
    """

    def __init__(self, max_entries: int = 0, max_weight: int = 0) -> None:
        self._max_entries = max_entries
        """0 for any number."""
        self._max_weight = max_weight
        """Of all entries together; 0 for any weight."""
        self._lock = threading.Lock()
        self._weight = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return a value and mark it as used; None if it is not stored."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: K, value: V, weight: int = 0) -> None:
        """Store a value and evict the least recently used entries that no longer fit."""
        with self._lock:
            if key in self._entries:
                self._weight -= self._entries.pop(key)[1]
            self._entries[key] = value, weight
            self._weight += weight
            while len(self._entries) > 1 and self._is_full():
                self._weight -= self._entries.popitem(last=False)[1][1]

    def _is_full(self) -> bool:
        too_many = self._max_entries and len(self._entries) > self._max_entries
        return bool(too_many or (self._max_weight and self._weight > self._max_weight))
