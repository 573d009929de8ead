"""Rank sets of a board's systems, over the tasks measured for all of them."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from tempfile import TemporaryFile

import numpy as np

from leaderboard.data.memoize import lru_per_snapshot
from leaderboard.data.published.publication_dates import is_published_by, latest_publication_day
from leaderboard.data.result_versions import find_outdated_reason
from leaderboard.data.snapshot.memory_release import release_memory
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.task_filter import ALL, TaskFilter, filtered_gains
from leaderboard.lru_cache import LruCache
from leaderboard.ranking.pairwise_tests import PairwiseTests, rank_sets_from_tests, run_pairwise_tests
from leaderboard.ranking.rank_sets import RankSet
from submissions.index.result_summary import Floats, ResultSummary

CROWD = 250
"""Systems up to which a request waits for the ranks; for more they are computed in the background."""
WAITING = 4
"""Maximum views pending in the background, with megabytes each; further requests must retry later."""


def rank_board(
    snapshot: Snapshot, track: str, protocol: str, method: str, subset: str, scope: TaskFilter = ALL, asof: str = ""
) -> dict[str, RankSet] | None:
    """Compute the rank set of each ranked submission, by its id, from its gains by task.

    None while they are being computed. Flagged entries, those of earlier versions of the protocol or benchmark, and
    those without a headline figure, have no rank and do not affect the others. If results come from several
    versions of a benchmark, only the tasks of the scope that count in all of them are compared. With `asof`, only
    results published by then.
    """
    # Days without a result share the answer of the day before them, and a day before all has none.
    asof = asof and (latest_publication_day(snapshot, asof) or "0000")
    view = (track, protocol, method, subset, scope, asof)
    found = _gain_matrix(snapshot, *view)
    sets = _PLACES.get_or_compute(view, found.values) if found.ids else []
    return None if sets is None else dict(zip(found.ids, sets, strict=True))


_Ranked = tuple[PairwiseTests, list[RankSet]]


class RankCache:
    """Cache of the latest views' rank sets and test counts, so that only a new system needs tests."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        # A small board's counts are no burden, a large one's are a hundred megabytes of a disk.
        self._known: LruCache[Hashable, tuple[PairwiseTests, list[RankSet]]] = LruCache(max_weight=most)
        self._asked: dict[Hashable, bytes] = {}
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="places")
        self.computed = 0
        """Number of views whose ranks were computed in the background."""

    def get_or_compute(self, view: Hashable, values: Floats) -> list[RankSet] | None:
        """Return a view's rank sets; None for many systems at first, while they are computed."""
        with self._lock:
            before, sets = self._known.get(view) or (None, [])
            if before and (before.values is values or np.array_equal(before.values, values)):
                return sets
            content = sha256(np.ascontiguousarray(values).data).digest()
            if len(values) > CROWD and self._asked.get(view) == content:
                return None
            if len(values) > CROWD and len(self._asked) >= WAITING:
                return None
            if len(values) > CROWD:
                self._asked[view] = content
                self._behind.submit(self._compute_ranks, view, values, before)
                return None
        return self._compute_ranks(view, values, before)

    def _compute_ranks(self, view: Hashable, values: Floats, before: PairwiseTests | None) -> list[RankSet]:
        found = run_pairwise_tests(values, before)
        sets = rank_sets_from_tests(found)
        with self._lock:
            self._asked.pop(view, None)
            tests = found if len(values) <= CROWD else _with_mapped_hits(found)
            self._known.put(view, (tests, sets), tests.hits.nbytes)
            self.computed += len(values) > CROWD
        if len(values) > CROWD:
            release_memory()
        return sets


def count_computed_ranks() -> int:
    """Return the number of views whose ranks were computed in the background: pages without them are out of date."""
    return _PLACES.computed


def _with_mapped_hits(found: PairwiseTests) -> PairwiseTests:
    """Move the counts to an unnamed file, since they are needed only when a system is added."""
    with TemporaryFile() as file:
        found.hits.tofile(file)
        file.flush()
        return replace(found, hits=np.memmap(file, np.uint8, "r", shape=found.hits.shape))


_PLACES = RankCache(most=120_000_000)


@dataclass(frozen=True, eq=False)
class _GainMatrix:
    """Ranked submissions, and their gains on the tasks that all of them have."""

    ids: tuple[str, ...]
    values: Floats

    def __len__(self) -> int:
        return len(self.ids)


@lru_per_snapshot(most=8, rows=20_000)
def _gain_matrix(
    snapshot: Snapshot, track: str, protocol: str, method: str, subset: str, scope: TaskFilter, asof: str
) -> _GainMatrix:
    """Build the gain matrix of a view."""
    nothing = _GainMatrix((), np.empty((0, 0)))
    worth = {
        ulid: found
        for ulid, result in snapshot.published
        if (result.track, result.protocol, result.flagged) == (track, protocol, None)
        and is_published_by(snapshot, ulid, asof)
        and find_outdated_reason(snapshot, result) is None
        and len((found := _gain_vector(snapshot, result, method, subset, scope))[0])
    }
    if not worth:
        return nothing
    layouts = {names for names, _ in worth.values()}
    tasks = sorted(set.intersection(*map(set, layouts)))
    if not tasks:
        return nothing
    chosen = {names: [names.index(task) for task in tasks] for names in layouts}
    return _GainMatrix(tuple(worth), np.array([values[chosen[names]] for names, values in worth.values()]))


def _gain_vector(
    snapshot: Snapshot, result: ResultSummary, method: str, subset: str, scope: TaskFilter
) -> tuple[tuple[str, ...], Floats]:
    """The counting tasks and their gains; empty for a result without a headline figure."""
    tasks, values = filtered_gains(snapshot, result, method, subset, scope)
    unscored = np.isnan(values)
    nothing: tuple[tuple[str, ...], Floats] = (), values[:0]
    if scope.headline == "selected":
        return (tasks, values) if not unscored.any() else nothing
    total = result.find_total(method, subset, scope.headline)
    if total is None or total.gain.value is None:
        return nothing
    if not unscored.any():
        return tasks, values
    return tuple(task for task, is_lost in zip(tasks, unscored, strict=True) if not is_lost), values[~unscored]
