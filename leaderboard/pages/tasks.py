"""All tasks of the benchmark, filtered by the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leaderboard.tables import Table, frame_of
from leaderboard.web import View, Visit, page
from submissions.models import Task

FILTERS = ("category", "kind", "language", "subset")


@dataclass(frozen=True)
class TaskRow:
    """One task in the list."""

    id: str
    title: str
    category: str
    kind: str
    language: str
    subsets: str
    """Separated by spaces."""
    metric: str
    track: str


def show(visit: Visit) -> View:
    """The tasks that pass every filter in the query; an unknown value simply passes none."""
    snapshot = visit.snapshot
    chosen = {name: visit.query.get(name, "") for name in FILTERS}
    tasks = [task for task in snapshot.tasks.values() if _passes(task, chosen)]
    options = {name: sorted({value for task in snapshot.tasks.values() for value in _values(task, name)})
               for name in FILTERS}  # fmt: skip
    context: dict[str, Any] = {"chosen": chosen, "options": options, "of": len(snapshot.tasks),
                               "query": visit.query_text}  # fmt: skip
    return View("tasks.html", context, Table("tasks", frame_of(TaskRow, [_row(task) for task in tasks])))


def _passes(task: Task, chosen: dict[str, str]) -> bool:
    return all(not value or value in _values(task, name) for name, value in chosen.items())


def _values(task: Task, name: str) -> tuple[str, ...]:
    return task.subsets if name == "subset" else (getattr(task, name),)


def _row(task: Task) -> TaskRow:
    shared = task.model_dump(include={"id", "title", "category", "kind", "language", "metric", "track"})
    return TaskRow(**shared, subsets=", ".join(task.subsets))


ROUTES = [page("/tasks{ending:ending}", show)]
