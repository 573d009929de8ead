"""Judges' scores of each system's metadata, published and evaluated: the table behind a board's radar chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published import PublishedFigures, PublishedJudgeRow, load_published
from leaderboard.data.published.latest_results import latest_results
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of, sort_rows
from submissions.index.result_summary import ResultSummary
from submissions.records.findings import JudgeScores

MAX_CHART_LINES = 6
"""Maximum lines of a readable radar chart."""


@dataclass(frozen=True)
class JudgeScoreRow(TableRow):
    """One system's mean scores, 0 to 10. None for a dimension not judged, or not published."""

    system: str
    team: str | None
    system_type: str
    introduction: float | None
    task: float | None
    question: float | None
    input: float | None
    output: float | None
    example: float | None
    domain: float | None
    source: float | None
    samples_count: float | None
    average: float | None
    """Mean of the first six dimensions."""
    why: str | None
    """Reason for a missing average."""
    tasks: int | None
    """Number of tasks that the average covers; None if the publication does not state it."""
    badge: str
    """`evaluated` or `published`."""
    judge: str
    """Snapshot name of the judge model."""
    protocol: str
    origin: str
    """The publication, or the submission's id."""


AVERAGED = ("introduction", "task", "question", "input", "output", "example")
"""Dimensions that the average covers: the spokes of the radar chart."""
DIMENSIONS = (*AVERAGED, "domain", "source", "samples_count")
"""The averaged dimensions, then the three that are only shown."""


@cached_per_snapshot
def metadata_table(snapshot: Snapshot, track: str, protocol: str) -> Table:
    """Build a table of the published rows, then a protocol's evaluated systems, highest average first."""
    source = load_published(track)
    rows = [_published_row(source, row) for row in source.metadata]
    evaluated = [
        _evaluated_row(ulid, result, judged)
        for ulid, result in sorted(latest_results(snapshot, track, protocol, is_judged=True).items())
        if (judged := result.metadata)
    ]
    return Table(f"{track}-{protocol}-metadata", frame_of(JudgeScoreRow, [*rows, *sort_rows(evaluated, "-average")]))


def chart_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Select the chart's rows: the published ones, then the best by average, up to the chart's limit."""
    return [row for row in rows if row["average"] is not None][:MAX_CHART_LINES]


def _published_row(source: PublishedFigures, row: PublishedJudgeRow) -> JudgeScoreRow:
    return JudgeScoreRow(
        **row.scores,
        system=row.system,
        system_type=row.system_type,
        average=row.average,
        team=None,
        domain=None,
        source=None,
        samples_count=None,
        why=None,
        tasks=None,
        badge="published",
        judge=source.judge,
        protocol=source.protocol,
        origin=source.source,
    )


def _evaluated_row(ulid: str, result: ResultSummary, judged: JudgeScores) -> JudgeScoreRow:
    values = {score.name: score.value for score in judged.dimensions}
    found: dict[str, Any] = {name: values.get(name) for name in DIMENSIONS}
    return JudgeScoreRow(
        **found,
        system=result.system,
        team=result.team,
        system_type=result.system_type,
        average=judged.average.value,
        why=judged.average.why,
        tasks=judged.average.n,
        badge="evaluated",
        judge=judged.snapshot,
        protocol=result.protocol,
        origin=ulid,
    )
