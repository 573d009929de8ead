"""Which places a board's systems may hold: rank sets over the tasks that all of them were measured on."""

from __future__ import annotations

from leaderboard.snapshot import Snapshot, per_snapshot
from submissions.models import Result
from submissions.ranking import RankSet, rank_sets


@per_snapshot
def ranks(snapshot: Snapshot, track: str, protocol: str, method: str, subset: str) -> dict[str, RankSet]:
    """The rank set of each submission that stands in the order, by its id, from its gains task by task.

    Flagged entries, and those without an overall figure, hold no place and move nobody else's. Where results come from
    several versions of a benchmark, only the tasks that count in all of them are compared.
    """
    worth = {
        ulid: _worth(snapshot, result, method, subset)
        for ulid, result in snapshot.published
        if (result.track, result.protocol, result.flagged) == (track, protocol, None)
        and _has_total(result, method, subset)
    }
    if not worth:
        return {}
    tasks = sorted(set.intersection(*(set(gains) for gains in worth.values())))
    if not tasks:
        return {}
    sets = rank_sets([[gains[task] for task in tasks] for gains in worth.values()])
    return dict(zip(worth, sets, strict=True))


def _has_total(result: Result, method: str, subset: str) -> bool:
    return any(
        (total.method, total.subset, total.group) == (method, subset, "overall") and total.gain.value is not None
        for total in result.totals
    )


def _worth(snapshot: Snapshot, result: Result, method: str, subset: str) -> dict[str, float]:
    """Gain by task, of the tasks of a subset that count."""
    return {
        task.task: score.gain.value
        for task in result.tasks
        if (known := snapshot.tasks.get(task.task)) is None or subset in known.subsets
        for score in task.methods
        if score.method == method and score.gain.value is not None
    }
