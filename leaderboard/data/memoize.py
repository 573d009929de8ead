"""LRU cache for values computed from a snapshot, for arguments that come from URLs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sized
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.lru_cache import LruCache

T = TypeVar("T")
P = ParamSpec("P")
Compute = Callable[Concatenate[Snapshot, P], T]


def cached_per_snapshot(compute: Compute[P, T]) -> Compute[P, T]:
    """Cache a function's values per snapshot, until the snapshot is discarded."""
    return _cache_values(compute, max_entries=0, max_rows=0)


def lru_per_snapshot(most: int, rows: int = 0) -> Callable[[Compute[P, T]], Compute[P, T]]:
    """Like `cached_per_snapshot`, with an LRU limit of `most` argument sets.

    With `rows`, cached values must have a length: their total is limited to `rows`, but one value always stays.
    """

    def decorate(compute: Compute[P, T]) -> Compute[P, T]:
        return _cache_values(compute, max_entries=most, max_rows=rows)

    return decorate


def _cache_values(compute: Compute[P, T], *, max_entries: int, max_rows: int) -> Compute[P, T]:
    # Each value in a tuple of one, for it may be None.
    caches: WeakKeyDictionary[Snapshot, LruCache[Hashable, tuple[T]]] = WeakKeyDictionary()

    @wraps(compute)
    def compute_once(snapshot: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cache = caches.get(snapshot) or caches.setdefault(snapshot, LruCache(max_entries, max_rows))
        key = (args, tuple(sorted(kwargs.items())))
        cached = cache.get(key)
        if cached is None:
            cached = (compute(snapshot, *args, **kwargs),)
            cache.put(key, cached, len(cast(Sized, cached[0])) if max_rows else 0)
        return cached[0]

    return compute_once
