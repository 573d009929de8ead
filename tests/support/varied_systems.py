"""Systems whose figures differ as a test says, added to a filled arena."""

from __future__ import annotations

from collections.abc import Sequence

from submissions.arena.arena import Arena
from submissions.records.result import Result, TaskResult, Total
from tests.support.arena_fixture import publish, result, store

FIRST = 60
"""Days after the filled arena's start: its own submissions are older."""


def add(arena: Arena, system: str, level: float, *, day: int = FIRST, rows: int = 11, flagged: str | None = None,
        judged: bool = False, unsure_of: Sequence[str] = ()) -> Result:  # fmt: skip
    """Publish a system around a level of gain that used so many rows per task, and is `unsure_of` some tasks' gains."""
    made = store(arena, day, system, "Team Varied", "hybrid")
    whole = result(made, level, flagged=flagged, judged=judged)
    tasks = tuple(
        (unsure(task) if task.task in unsure_of else task).model_copy(
            update={"rows": rows if task.state == "scored" else 0}
        )
        for task in whole.tasks
    )
    whole = whole.model_copy(update={"tasks": tasks})
    publish(arena, made, whole)
    return whole


def unsure(task: TaskResult) -> TaskResult:
    """A task none of whose gains is clearly above 0."""
    methods = []
    for score in task.methods:
        gain = score.gain
        if gain.value is not None and gain.interval:
            gain = gain.model_copy(update={"interval": (min(0.0, gain.interval[0]), gain.interval[1])})
        methods.append(score.model_copy(update={"gain": gain}))
    return task.model_copy(update={"methods": tuple(methods)})


def overall(whole: Result, method: str = "fine_tune", group: str = "overall") -> Total:
    """A result's total over all tasks."""
    (found,) = [one for one in whole.totals if (one.method, one.subset, one.group) == (method, "full", group)]
    return found
