"""Comparison of systems on one task: their scores, and their delivered samples if public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leaderboard.data.same_names import SystemKey, shown_system
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import TableRow, missing_reason
from leaderboard.pages.cases.case_file import CaseDelivery, CaseFrontMatter
from leaderboard.pages.cases.samples import DeliveredSample, cut_rows, load_samples
from submissions.arena.arena import Arena
from submissions.index.result_tables import scale_name
from submissions.records.result import MethodScore, Result, TaskResult


@dataclass(frozen=True)
class CaseRow(TableRow):
    """One system's figures by one method. A missing value has its reason in `why`."""

    system: str
    team: str | None
    system_type: str | None
    """None for the real data set."""
    badge: str
    """`evaluated` or `published`."""
    method: str | None
    """None if the source does not state it."""
    metric: str
    score: float | None
    """0 to 1."""
    score_low: float | None
    score_high: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    scale: str | None
    """Scale of the gain: `gain`, or `ratio`, where 1 is the reference score."""
    n: int | None
    """Number of test items."""
    rows: int | None
    """Number of rows trained on."""
    removed: int | None
    """Number of rows removed as copies of test rows."""
    why: str | None
    task: str | None
    protocol: str | None
    submission: str | None
    source: str | None
    """Source of a published figure."""


@dataclass(frozen=True)
class CaseSide:
    """One system of a case."""

    rows: tuple[CaseRow, ...]
    what: str
    """Description of its delivery, in the organiser's words."""
    samples: tuple[DeliveredSample, ...]
    language: str
    """Language of the samples' outputs."""
    flagged: str | None = None

    @property
    def who(self) -> CaseRow:
        """Row that names the system."""
        return self.rows[0]


def evaluated_sides(
    snapshot: Snapshot, arena: Arena, task: str, protocol: str, ids: Iterable[str]
) -> Iterator[CaseSide]:
    """Yield the sides of submissions on a benchmark task; those without a result under the protocol are left out."""
    for ulid in ids:
        if protocol in snapshot.results.get(ulid, {}):
            result = snapshot.full_result(ulid, protocol)
            on_task = next((one for one in result.tasks if one.task == task), None)
            if on_task and on_task.methods:
                yield _evaluated_side(snapshot, arena, result, on_task)


def _evaluated_side(snapshot: Snapshot, arena: Arena, result: Result, task: TaskResult) -> CaseSide:
    submission = snapshot.submissions.get(result.submission)
    # An entry is set apart because its rows may be hidden ones that the screen did not take out.
    shown = load_samples(snapshot, arena, submission, task) if submission and not result.flagged else ()
    shown_as = shown_system(snapshot, result.team, result.system)
    rows = tuple(_evaluated_row(result, shown_as, task, method) for method in reversed(task.methods))
    return CaseSide(rows, "", shown, snapshot.tasks[task.task].language, result.flagged)


def _evaluated_row(result: Result, shown_as: SystemKey, task: TaskResult, method: MethodScore) -> CaseRow:
    score_low, score_high = method.score.interval or (None, None)
    gain_low, gain_high = method.gain.interval or (None, None)
    return CaseRow(
        system=shown_as[1],
        team=shown_as[0],
        system_type=result.system_type,
        badge="evaluated",
        method=method.method,
        metric=method.score.name,
        score=method.score.value,
        score_low=score_low,
        score_high=score_high,
        gain=method.gain.value,
        gain_low=gain_low,
        gain_high=gain_high,
        scale=scale_name(method.gain),
        n=method.score.n,
        rows=task.rows,
        removed=task.removed,
        why=missing_reason(method),
        task=task.task,
        protocol=result.protocol,
        submission=result.submission,
        source=None,
    )


def published_sides(front: CaseFrontMatter) -> Iterator[CaseSide]:
    """Yield the sides of systems whose figures a written case quotes."""
    for delivered in front.delivered:
        row = _published_row(front, delivered)
        yield CaseSide((row,), delivered.what, cut_rows(delivered.samples), delivered.language)


def _published_row(front: CaseFrontMatter, delivered: CaseDelivery) -> CaseRow:
    low, high = delivered.interval or (None, None)
    return CaseRow(
        system=delivered.system,
        team=delivered.team,
        system_type=delivered.system_type,
        badge="published",
        method=None,
        metric=front.metric or "score",
        score=delivered.score,
        score_low=low,
        score_high=high,
        gain=None,
        gain_low=None,
        gain_high=None,
        scale=None,
        n=None,
        rows=None,
        removed=None,
        why=None if delivered.score is not None else "not published",
        task=front.task,
        protocol=None,
        submission=None,
        source=f"{front.source.url} {front.source.where}" if front.source else None,
    )
