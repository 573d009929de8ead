"""Remembering what was computed from a snapshot lately, where the addresses that ask for it have no end."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sized
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from leaderboard.data.snapshot import Snapshot

T = TypeVar("T")
P = ParamSpec("P")
Compute = Callable[Concatenate[Snapshot, P], T]


def lru_per_snapshot(most: int, rows: int = 0) -> Callable[[Compute[P, T]], Compute[P, T]]:
    """Like `per_snapshot`, for at most that many different arguments: what was not asked for longest is forgotten.

    With `rows`, the answers have a length, and all that are kept are at most that long together, or only one is kept.
    """

    def decorate(compute: Compute[P, T]) -> Compute[P, T]:
        known: WeakKeyDictionary[Snapshot, OrderedDict[Hashable, T]] = WeakKeyDictionary()
        lock = threading.Lock()

        @wraps(compute)
        def compute_once(snapshot: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
            key = (args, tuple(sorted(kwargs.items())))
            with lock:
                values = known.setdefault(snapshot, OrderedDict())
                if key in values:
                    values.move_to_end(key)
                    return values[key]
            found = compute(snapshot, *args, **kwargs)
            with lock:
                values[key] = found
                while len(values) > most or (rows and len(values) > 1 and _total_length(values.values()) > rows):
                    values.popitem(last=False)
            return found

        return compute_once

    return decorate


def _total_length(answers: Iterable[object]) -> int:
    return sum(len(cast(Sized, answer)) for answer in answers)
