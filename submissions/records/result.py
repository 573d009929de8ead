"""The published result of an evaluation."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from submissions.records.anchors import Setup
from submissions.records.base import Key, Name, Record, Score, Sha256, TaskId, Ulid
from submissions.records.findings import AnyDetails, JudgeScores, ScreenFindings
from submissions.records.submission import SystemType

Method = Key
"""Method that measures a delivery, for example as training data; one of its track's."""

FEW_TASKS = 5
"""Number of tasks up to which the interval of a mean is rough: 73 to 93 of 100 cover where gains are skewed."""


class MethodScore(Record):
    """Measurement of one method on one task."""

    method: Method
    score: Score
    """The task's headline metric, in [0, 1]."""
    gain: Score
    """Gain of the score on the protocol's scale, which its name states: `gain` is (score - base) / (reference -
    base), clipped (arena@1); `ratio` is score / reference by metric, weighted, not clipped (paper@1).
    """
    others: tuple[Score, ...] = ()
    """Further metrics, shown and never ranked."""
    verdicts: dict[str, int] = Field(default={}, exclude_if=lambda counts: not counts)
    """Number of answers by the verdict on each, for example `right_letter` or `ambiguous`; over all draws of shots.

    Empty in a published result: only its owner sees them (`VerdictCounts`).
    """


class TrivialScore(Record):
    """A baseline without a model on one task."""

    score: Score
    """Named like the baseline, for example `majority label`."""
    gain: Score


class TaskResult(Record):
    """One task of a result. A missing task is listed too, with gain 0."""

    task: TaskId
    state: Literal["scored", "missing"]
    rows: int = Field(ge=0)
    """Rows the model was trained on, after the screen."""
    removed: int = Field(ge=0)
    """Rows the screen removed as copies of test rows."""
    screen: ScreenFindings | None = None
    """Findings of the screen in the delivered rows; None if nothing was delivered or screened."""
    base: Score | None = Field(default=None, exclude_if=lambda score: score is None)
    """Score of the untouched model; None on a track without anchors, as is `reference`."""
    reference: Score | None = Field(default=None, exclude_if=lambda score: score is None)
    trivial: tuple[TrivialScore, ...] = Field(default=(), exclude_if=lambda scores: not scores)
    """Baselines without a model, for example `majority label`; empty under rules without them."""
    seed_sd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Standard deviation of the reference's score between training seeds."""
    methods: tuple[MethodScore, ...]
    details: AnyDetails | None = Field(default=None, exclude_if=lambda details: details is None)
    """Figures that only its track has; None on a track without any."""


class Total(Record):
    """A mean over tasks: one cell of the board."""

    method: Method
    subset: str
    group: Key
    """`overall`, or a group of the track's tasks."""
    gain: Score
    """Mean of the tasks' gains, with the 95% interval of a two-level bootstrap over tasks and items."""
    median: float | None = Field(default=None, allow_inf_nan=False)
    seed_sd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Standard deviation of the mean between training seeds; no part of the interval."""


class ResultVersion(NamedTuple):
    """Versions that a result was measured under; results of other ones are not ranked together."""

    protocol_sha256: str
    benchmark_sha256: str | None


class Result(Record):
    """Published result of an evaluated submission. Holds no time: the same work gives the same bytes."""

    submission: Ulid
    track: str
    system: Name
    system_type: SystemType
    team: Name
    protocol: str
    protocol_sha256: Sha256
    benchmark_sha256: Sha256 | None = Field(default=None, exclude_if=lambda version: version is None)
    """Hash of the tasks and their test rows; None under rules that record none."""
    setup: Setup
    flagged: str | None = None
    """Reason why this entry is unranked until an organiser reviews it, for example leaked test rows."""
    tasks: tuple[TaskResult, ...]
    totals: tuple[Total, ...]
    metadata: JudgeScores | None = None
    """Judge's scores of the data set descriptions; None if nothing was judged. Never ranked by."""

    @property
    def version(self) -> ResultVersion:
        """Versions of the protocol and the benchmark."""
        return ResultVersion(self.protocol_sha256, self.benchmark_sha256)


class VerdictCounts(Record):
    """Number of a submission's answers by verdict, by task and method: for its owner only, never public."""

    submission: Ulid
    protocol: str
    tasks: dict[TaskId, dict[Method, dict[str, int]]]


def split_verdicts(result: Result) -> tuple[Result, VerdictCounts | None]:
    """Split a result into what everybody may see and its counts of verdicts; None if it has none."""
    counted = {
        task.task: {method.method: method.verdicts for method in task.methods if method.verdicts}
        for task in result.tasks
        if any(method.verdicts for method in task.methods)
    }
    if not counted:
        return result, None
    counts = VerdictCounts(submission=result.submission, protocol=result.protocol, tasks=counted)
    return _with_counts(result, {}), counts


def join_verdicts(result: Result, counts: VerdictCounts) -> Result:
    """Return a published result with the counts of its verdicts, as it was measured."""
    return _with_counts(result, counts.tasks)


def _with_counts(result: Result, counts: dict[TaskId, dict[Method, dict[str, int]]]) -> Result:
    tasks = []
    for task in result.tasks:
        by_method = counts.get(task.task, {})
        methods = [one.model_copy(update={"verdicts": by_method.get(one.method, {})}) for one in task.methods]
        tasks.append(task.model_copy(update={"methods": tuple(methods)}))
    return result.model_copy(update={"tasks": tuple(tasks)})
