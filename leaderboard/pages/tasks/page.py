"""List of a track's tasks with their difficulty, searched, filtered and sorted by the URL."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from leaderboard.data.scales import protocols_in_use
from leaderboard.data.tables.table_frames import Table, frame_of, sort_rows
from leaderboard.data.tables.task_difficulty import define_corner_case
from leaderboard.pages.tasks.table import TaskRow, difficulty_plot, task_row
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.records.task import Task
from submissions.tracks import FIRST_TRACK, TRACKS, get_track

FILTERS = ("category", "kind", "language", "subset")
SHOWN = (
    ("title", "Task"), ("category", "Category"), ("kind", "Kind"), ("language", "Language"), ("subsets", "Subsets"),
    ("metric", "Metric"), ("base", "Base score"), ("reference", "Reference score"), ("gained", "Gained"),
)  # fmt: skip
"""Columns of the page: sort field and header."""
ANCHORED = ("base", "reference", "gained")
"""Columns of tracks with anchors only."""
NUMBERS = (*ANCHORED, "systems", "corner_case")


def tasks_page(visit: PageRequest) -> View:
    """Render a track's tasks that match the search and filters; an unknown value matches none. Raises NotFound."""
    snapshot, query = visit.snapshot, visit.query
    track = get_track(query.get("track") or FIRST_TRACK)
    columns = board_named(track.name).task_labels
    chosen = {name: query.get(name, "") for name in (*FILTERS, "q", "sort")}
    protocols = _offered_protocols(visit, track.name)
    protocol = _require_one_of("protocol", query.get("protocol") or protocols[0], protocols)
    if chosen["sort"]:
        _require_one_of("sort", chosen["sort"].removeprefix("-"), tuple(TaskRow.__annotations__))
    own = [task for task in snapshot.tasks.values() if task.track == track.name]
    rows = [task_row(snapshot, task, protocol) for task in own if _matches_filters(task, chosen)]
    table = Table("tasks", frame_of(TaskRow, sort_rows(rows, chosen["sort"]) if chosen["sort"] else rows))
    options = {name: sorted({value for task in own for value in _filter_values(task, name)})
               for name in FILTERS if name != "kind" or track.groups}  # fmt: skip
    narrowed = any(chosen[name] for name in (*FILTERS, "q"))
    state = {name: value for name, value in chosen.items() if value}
    if protocol != protocols[0]:
        state["protocol"] = protocol
    if track.name != FIRST_TRACK:
        state["track"] = track.name
    hidden = {*(() if track.groups else ("kind",)), *(() if "base" in columns else ANCHORED)}
    context: dict[str, Any] = {
        "chosen": chosen, "options": options, "of": len(own), "query": visit.query_text,
        "narrowed": narrowed, "protocol": protocol, "protocols": protocols, "corner": define_corner_case(track),
        "heads": [_column_head(state, name, label) for name, label in SHOWN if name not in hidden],
        "track": track, "tracks": list(TRACKS.values()), "first_track": FIRST_TRACK, "columns": columns,
        "tasks_query": partial(tasks_query, track.name), "list_query": tasks_query, **difficulty_plot(rows, protocol),
    }  # fmt: skip
    return View("tasks.html", context, table)


def tasks_query(track: str, **filters: str) -> str:
    """Query string of a track's task list with some filters; empty for the whole list of the first track."""
    named = ({} if track == FIRST_TRACK else {"track": track}) | filters
    return f"?{urlencode(named)}" if named else ""


def _offered_protocols(visit: PageRequest, track: str) -> tuple[str, ...]:
    default = visit.site.settings.protocol_of(track)
    found = {result.protocol for _, result in visit.snapshot.published if result.track == track}
    return protocols_in_use(visit.snapshot, default, found)


def _require_one_of(what: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise NotFound(f"No {what} {name[:80]!r}; there are: {', '.join(names)}.")
    return name


def _matches_filters(task: Task, chosen: Mapping[str, str]) -> bool:
    text = _fold_case(f"{task.title}\n{task.demand}")
    found = all(word in text for word in _fold_case(chosen["q"]).split())
    return found and all(not chosen[name] or chosen[name] in _filter_values(task, name) for name in FILTERS)


def _fold_case(text: str) -> str:
    """Normalize text for searching: NFKC and case-insensitive."""
    return unicodedata.normalize("NFKC", text).casefold()


def _filter_values(task: Task, name: str) -> tuple[str, ...]:
    return task.subsets if name == "subset" else (getattr(task, name),)


def _column_head(state: Mapping[str, str], name: str, label: str) -> dict[str, Any]:
    """Header of a column: a click sorts by it, the useful direction first, then the other."""
    now = state.get("sort", "")
    first, then = (f"-{name}", name) if name in NUMBERS else (name, f"-{name}")
    query = urlencode({**state, "sort": then if now == first else first})
    order = {name: "ascending", f"-{name}": "descending"}.get(now)
    return {"name": name, "label": label, "href": f"/tasks?{query}", "sort": order, "number": name in NUMBERS}


ROUTES = [page_route("/tasks{ending:ending}", tasks_page)]
