"""All figures of each system under one protocol, for pages that relate them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from leaderboard.charts.plotly_charts import assign_colours
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published import load_published
from leaderboard.data.published.latest_results import latest_results
from leaderboard.data.same_names import shown_system
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from submissions.index.result_summary import ResultSummary
from submissions.records.ledger import Ledger
from submissions.tracks import get_track
from submissions.tracks.published_protocol import ProtocolScale


@dataclass(frozen=True, slots=True)
class Figure:
    """A total for display, in the protocol's unit, with its 95% interval if known."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SystemFigures:
    """One system: its latest unflagged result, or a paper's figures for it."""

    system: str
    team: str
    system_type: str
    badge: str
    """`evaluated` or `published`."""
    submission: str | None
    figures: Mapping[tuple[str, str], Figure] = field(default_factory=dict)
    """Figures by method and group; unscored ones are left out."""
    metadata: float | None = None
    """The judge's average, 0 to 10."""
    judge: str | None = None
    """Judge model's snapshot, and the versions of its prompts."""
    rows: float | None = None
    """Rows trained on: the mean over the subset's tasks, 0 for an undelivered task."""
    ledger: Ledger | None = None
    """Cost of the evaluation; None if it was not measured."""
    number: int = 0
    """Label of its dots: its position by name, from 1; not a rank."""
    colour: str = ""


@cached_per_snapshot
def system_figures(snapshot: Snapshot, track: str, protocol: str) -> list[SystemFigures]:
    """Evaluated systems by name, then a paper's systems if the protocol is its own."""
    scale = scale_of(snapshot, protocol)
    found = [
        _evaluated_figures(snapshot, ulid, result, scale)
        for ulid, result in latest_results(snapshot, track, protocol).items()
    ]
    found.sort(key=lambda one: (one.system.casefold(), one.team.casefold(), one.submission or ""))
    found += _published_figures(track, protocol)
    shades = assign_colours([one.system for one in found])
    return [
        replace(one, number=number, colour=colour)
        for number, (one, colour) in enumerate(zip(found, shades, strict=True), 1)
    ]


def _evaluated_figures(snapshot: Snapshot, ulid: str, result: ResultSummary, scale: ProtocolScale) -> SystemFigures:
    judged = result.metadata
    team, system = shown_system(snapshot, result.team, result.system)
    wanted = get_track(result.track).subsets[0]
    rows = result.rows[_subset_mask(snapshot, result.layout.tasks, wanted)]
    return SystemFigures(
        system=system,
        team=team,
        system_type=result.system_type,
        badge="evaluated",
        submission=ulid,
        figures={
            (method, group): Figure(value * scale.factor, scale.to_display(low), scale.to_display(high))
            for (method, subset, group), (value, low, high) in zip(result.layout.totals, result.ends, strict=True)
            if subset == wanted and value is not None
        },
        metadata=judged.average.value if judged else None,
        judge=f"{judged.snapshot} ({', '.join(judged.prompts)})" if judged else None,
        rows=float(rows.mean()) if len(rows) else None,
        ledger=snapshot.ledgers.get(ulid, {}).get(result.protocol),
    )


@cached_per_snapshot
def _subset_mask(snapshot: Snapshot, tasks: tuple[str, ...], subset: str) -> NDArray[np.bool_]:
    """Boolean mask of the tasks in the subset; tasks removed from the benchmark count as in it."""
    known = [snapshot.tasks.get(task) for task in tasks]
    return np.array([task is None or subset in task.subsets for task in known], dtype=np.bool_)


def _published_figures(track: str, protocol: str) -> Iterator[SystemFigures]:
    source = load_published(track)
    if source.protocol != protocol:
        return
    averages = {row.system: row.average for row in source.metadata}
    rows = [row for row in source.rows if row.subset == get_track(track).subsets[0] and row.system_type]
    for system in dict.fromkeys(row.system for row in rows):
        own = [row for row in rows if row.system == system]
        values = {
            (row.method, group): value
            for row in own
            for group, value in {"overall": source.overall_figure(row), **row.groups}.items()
            if value is not None
        }
        yield SystemFigures(
            system=system,
            team=own[0].team,
            system_type=str(own[0].system_type),
            badge="published",
            submission=None,
            figures={key: Figure(value) for key, value in values.items()},
            metadata=averages.get(system),
            judge=source.judge if system in averages else None,
        )
