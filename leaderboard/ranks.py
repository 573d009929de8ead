"""Which places a board's systems may hold: rank sets over the tasks that all of them were measured on."""

from __future__ import annotations

import numpy as np

from leaderboard.dates import newest, stood
from leaderboard.lately import lately
from leaderboard.scope import ALL, Scope, gains
from leaderboard.snapshot import Snapshot
from submissions.ranking import RankSet, rank_sets
from submissions.summary import Floats, Summary


def ranks(
    snapshot: Snapshot, track: str, protocol: str, method: str, subset: str, scope: Scope = ALL, asof: str = ""
) -> dict[str, RankSet]:
    """The rank set of each submission that stands in the order, by its id, from its gains task by task.

    Flagged entries, and those without a headline figure, hold no place and move nobody else's. Where results come from
    several versions of a benchmark, only the tasks of the scope that count in all of them are compared. With `asof`,
    only results that were published by then.
    """
    # Days without a result share the answer of the day before them, and a day before all has none.
    asof = asof and (newest(snapshot, asof) or "0000")
    return _ranks(snapshot, track, protocol, method, subset, scope, asof)


@lately(most=64)
def _ranks(
    snapshot: Snapshot, track: str, protocol: str, method: str, subset: str, scope: Scope, asof: str
) -> dict[str, RankSet]:
    worth = {
        ulid: found
        for ulid, result in snapshot.published
        if (result.track, result.protocol, result.flagged) == (track, protocol, None)
        and stood(snapshot, ulid, asof)
        and len((found := _worth(snapshot, result, method, subset, scope))[0])
    }
    if not worth:
        return {}
    tasks = sorted(set.intersection(*map(set, {names for names, _ in worth.values()})))
    if not tasks:
        return {}
    chosen = {names: [names.index(task) for task in tasks] for names in {names for names, _ in worth.values()}}
    sets = rank_sets(np.array([values[chosen[names]] for names, values in worth.values()]))
    return dict(zip(worth, sets, strict=True))


def _worth(
    snapshot: Snapshot, result: Summary, method: str, subset: str, scope: Scope
) -> tuple[tuple[str, ...], Floats]:
    """The tasks that count and the gains on them; none for a result that has no headline figure."""
    tasks, values = gains(snapshot, result, method, subset, scope)
    unscored = np.isnan(values)
    nothing: tuple[tuple[str, ...], Floats] = (), values[:0]
    if scope.headline == "selected":
        return (tasks, values) if not unscored.any() else nothing
    total = result.total(method, subset, scope.headline)
    if total is None or total.gain.value is None:
        return nothing
    if not unscored.any():
        return tasks, values
    return tuple(task for task, is_lost in zip(tasks, unscored, strict=True) if not is_lost), values[~unscored]
