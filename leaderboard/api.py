"""End points for programs: the pages' tables as JSON, through gradio_client or plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import gradio

from leaderboard.boards import board_table, choose
from leaderboard.choice import Choice
from leaderboard.pages.task import scores_table
from leaderboard.tables import Table
from leaderboard.tracks import board_named
from leaderboard.web import Site
from submissions.errors import ArenaError, NotFound
from submissions.tables import encode

P = ParamSpec("P")
R = TypeVar("R")
_JSON = {
    bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "an array", type(None): "null",
}  # fmt: skip
AT_ONCE = 16
"""Calls of one end point that run side by side; each only reads memory."""


def attach(app: gradio.Server) -> None:
    """Add the end points `board`, `task` and `status`."""
    site: Site = app.state.site

    def board(
        track: str = "dataset_research",
        method: str = "fine_tune",
        subset: str = "full",
        protocol: str = "",
        sort: str = "",
        q: str = "",
        system_type: str = "",
        badge: str = "",
        best: str = "",
        kind: str = "",
        category: str = "",
        language: str = "",
        columns: str = "",
        pin: str = "",
        asof: str = "",
    ) -> list[dict[str, Any]]:
        """The rows of a board, in order; entries set apart come last and have a reason in `flagged`.

        method is few_shot_1, few_shot_3, few_shot_5 or fine_tune; subset is full or pro; an empty protocol is the
        site's default; sort is a column, with a leading - for falling order. What follows is what the
        page's address says by the same name: q, system_type, badge and best (team) filter; kind, category and language
        choose the tasks; columns and pin are lists with commas; asof is a day, YYYY-MM-DD.
        """
        given = locals()
        query = {field.name: given[field.name] for field in fields(Choice)}
        snapshot = site.reader.snapshot()
        _, choice = choose(snapshot, track, site.settings.protocol, query)
        return _records(board_table(snapshot, board_named(track).track, choice))

    def task(task_id: str) -> dict[str, Any]:
        """One task: its demand and its other public fields, and in `scores` what every system gained on it."""
        snapshot = site.reader.snapshot()
        if task_id not in snapshot.tasks:
            raise NotFound(f"No task {task_id[:120]!r}; /tasks.json lists all {len(snapshot.tasks)}.")
        found: dict[str, Any] = snapshot.tasks[task_id].model_dump(mode="json")
        return found | {"scores": _records(scores_table(snapshot, task_id))}

    def status(submission: str) -> dict[str, Any]:
        """Where a submission stands: all that happened to it, oldest first, and whether it has a result."""
        snapshot = site.reader.snapshot()
        if submission not in snapshot.histories:
            raise NotFound(
                f"No submission {submission[:40]!r}; /submissions.json lists all {len(snapshot.submissions)}."
            )
        history: dict[str, Any] = snapshot.histories[submission].model_dump(mode="json")
        return history | {"has_result": submission in snapshot.results}

    for function in (board, task, status):
        app.api(_said_to_the_client(function), name=function.__name__, concurrency_limit=AT_ONCE)


def _records(table: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(encode(table.frame, "json"))
    return rows


def _said_to_the_client(function: Callable[P, R]) -> Callable[P, R]:
    """Gradio hides every message but that of its own error class, and passes on values of any type."""
    taken = signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for name, value in taken.bind(*args, **kwargs).arguments.items():
            if not isinstance(value, str):
                raise gradio.Error(f"{name} is a text, not {_JSON.get(type(value), 'this')}.", print_exception=False)
        try:
            return function(*args, **kwargs)
        except ArenaError as error:
            raise gradio.Error(str(error), print_exception=False) from error

    return call
