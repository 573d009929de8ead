"""Which places a board's systems may hold: rank sets over the tasks that all of them were measured on."""

from __future__ import annotations

from leaderboard.dates import newest, stood
from leaderboard.lately import lately
from leaderboard.scope import ALL, Scope, gains
from leaderboard.snapshot import Snapshot
from submissions.models import Result
from submissions.ranking import RankSet, rank_sets


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
        and (found := _worth(snapshot, result, method, subset, scope))
    }
    if not worth:
        return {}
    tasks = sorted(set.intersection(*(set(found) for found in worth.values())))
    if not tasks:
        return {}
    sets = rank_sets([[found[task] for task in tasks] for found in worth.values()])
    return dict(zip(worth, sets, strict=True))


def _worth(snapshot: Snapshot, result: Result, method: str, subset: str, scope: Scope) -> dict[str, float]:
    """Gain by task, of the tasks that count; nothing for a result that has no headline figure."""
    found = gains(snapshot, result, method, subset, scope)
    values = {task: gain for task, gain in found.items() if gain is not None}
    if scope.headline == "selected":
        return values if len(values) == len(found) else {}
    return values if _has_total(result, method, subset, scope.headline) else {}


def _has_total(result: Result, method: str, subset: str, group: str) -> bool:
    return any(
        (total.method, total.subset, total.group) == (method, subset, group) and total.gain.value is not None
        for total in result.totals
    )
