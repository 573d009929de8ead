"""Tables beside a result's scores: further metrics, the screen's findings, the judge's scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from submissions.records.findings import ScreenFindings
from submissions.records.result import Result, TaskResult


@dataclass(frozen=True)
class MetricRow(TableRow):
    """One further metric of one task and method; shown but never ranked."""

    task: str
    method: str
    metric: str
    """Metric name, with the signature of its settings if it has one."""
    value: float | None
    low: float | None
    high: float | None
    n: int
    """Number of test items."""
    why: str | None
    """Reason for a missing value."""


@dataclass(frozen=True)
class VerdictRow(TableRow):
    """Number of answers of one task and method with one verdict."""

    task: str
    method: str
    verdict: str
    """Reason why these answers count or do not, for example `right_letter` or `ambiguous`."""
    answers: int
    share: float
    """Share of the task's answers under this method, over all draws of shots."""


@dataclass(frozen=True)
class ScreenRow(TableRow):
    """The screen's findings in one task's delivered rows."""

    task: str
    rows: int
    """Number of remaining rows."""
    removed: int
    exact: int
    normalised: int
    near: int
    removed_lines: str
    """Removed lines of the stored data file, numbered from 1, separated by spaces."""
    repeated: int
    degenerate: int
    other_script: int
    tokens_least: int | None
    tokens_median: int | None
    tokens_p95: int | None
    tokens_most: int | None
    output_scripts: str
    """Share of the outputs' letters by Unicode script, largest first: `Latin 0.98, Greek 0.02`."""


@dataclass(frozen=True)
class DimensionRow(TableRow):
    """The judge's mean score in one dimension, 0 to 10, or the average of the averaged dimensions."""

    dimension: str
    value: float | None
    n: int
    """Number of tasks."""
    averaged: bool | None
    """True if the dimension counts in the average; None for the average itself."""
    why: str | None
    """Reason for a missing value."""
    judge: str
    snapshot: str
    prompts: str


def metric_table(result: Result) -> Table:
    """Build the table of further metrics, by task and method, each with its 95% interval."""
    return Table(f"submission-{result.submission}-metrics", frame_of(MetricRow, _metric_rows(result)))


def verdict_table(result: Result) -> Table:
    """Build the counts of verdicts on the answers, by task and method, the most frequent first."""
    return Table(f"submission-{result.submission}-why", frame_of(VerdictRow, _verdict_rows(result)))


def screen_table(result: Result) -> Table:
    """Build the screen's findings in the result's order; tasks without screened rows are left out."""
    rows = [_screen_row(task, task.screen) for task in result.tasks if task.screen]
    return Table(f"submission-{result.submission}-screen", frame_of(ScreenRow, rows))


def judge_table(result: Result, averaged: tuple[str, ...]) -> Table:
    """Build the judge's scores, the average last; empty if nothing was judged. `averaged` are its dimensions."""
    return Table(f"submission-{result.submission}-metadata", frame_of(DimensionRow, _dimension_rows(result, averaged)))


def _metric_rows(result: Result) -> Iterator[MetricRow]:
    for task in result.tasks:
        for method in task.methods:
            for score in method.others:
                low, high = score.interval or (None, None)
                yield MetricRow(task.task, method.method, score.name, score.value, low, high, score.n, score.why)


def _verdict_rows(result: Result) -> Iterator[VerdictRow]:
    for task in result.tasks:
        for method in task.methods:
            total = sum(method.verdicts.values())
            for verdict, answers in sorted(method.verdicts.items(), key=lambda count: (-count[1], count[0])):
                yield VerdictRow(task.task, method.method, verdict, answers, answers / total)


def _screen_row(task: TaskResult, found: ScreenFindings) -> ScreenRow:
    tokens = found.tokens
    return ScreenRow(
        task=task.task,
        rows=task.rows,
        removed=task.removed,
        exact=found.exact,
        normalised=found.normalised,
        near=found.near,
        removed_lines=" ".join(map(str, found.removed_lines)),
        repeated=found.repeated,
        degenerate=found.degenerate,
        other_script=found.other_script,
        tokens_least=tokens.least if tokens else None,
        tokens_median=tokens.median if tokens else None,
        tokens_p95=tokens.p95 if tokens else None,
        tokens_most=tokens.most if tokens else None,
        output_scripts=", ".join(f"{script} {share:.3g}" for script, share in found.output_scripts.items()),
    )


def _dimension_rows(result: Result, averaged: tuple[str, ...]) -> Iterator[DimensionRow]:
    judged = result.metadata
    if judged is None:
        return
    judge = {"judge": judged.model, "snapshot": judged.snapshot, "prompts": ", ".join(judged.prompts)}
    for score in judged.dimensions:
        yield DimensionRow(score.name, score.value, score.n, score.name in averaged, score.why, **judge)
    last = judged.average
    yield DimensionRow("average", last.value, last.n, None, last.why, **judge)
