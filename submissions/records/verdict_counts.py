"""Verdicts on a submission's answers, counted: for its owner only, and so no part of the published result."""

from __future__ import annotations

from submissions.records.base import Record, TaskId, Ulid
from submissions.records.result import Method, Result


class VerdictCounts(Record):
    """Number of answers by verdict under one protocol, by task and method."""

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
