"""Parts around a board's table: its columns, the filter form and the citation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leaderboard.board.citation import Citation, make_citation
from leaderboard.board.query import FILTERS, MAX_PINS, BoardQuery, value_names
from leaderboard.board.row import BoardRow
from leaderboard.board.rows import BoardRows, filter_values
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published import load_published
from leaderboard.data.published.publication_dates import publication_days
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.statistics import MIN_TASKS
from leaderboard.templates import humanize
from leaderboard.tracks.board import Board, Column
from leaderboard.web.site import PageRequest
from submissions.tracks import get_track

_KEY = "KEY"
"""Placeholder for a row's key; pins come last in a query, except for the day."""


def shown_columns(board: Board, choice: BoardQuery, found: BoardRows) -> list[Column]:
    """Return a view's columns, the headline before the other figures; empty columns are left out."""
    headline = choice.scope.headline
    named = choice.column_names or usual_columns(board, choice)
    kept = [column for column in board.columns if column.key in named or column.key == "system"]
    kept = [_with_heading(column, choice) for column in kept if _is_filled(column, choice, found.shown)]
    scores = sorted((column for column in kept if column.kind == "score"), key=lambda one: one.key != headline)
    ordered = iter(scores)
    return [next(ordered) if column.kind == "score" else column for column in kept]


def usual_columns(board: Board, choice: BoardQuery) -> tuple[str, ...]:
    """Return the columns used if the URL names none; a category's mean is shown beside the overall figure."""
    without = set(board.groups) - {"overall"} if choice.scope.headline == "selected" else {"selected"}
    return tuple(column.key for column in board.columns if column.usual and column.key not in without)


def filter_form(snapshot: Snapshot, board: Board, choice: BoardQuery, found: BoardRows) -> dict[str, Any]:
    """Build the filter form's template values: options, current choice, and rows that it leaves out."""
    here = {row.key for row in found.whole} if choice.pins else set()
    source = load_published(board.track)
    return {
        "options": value_names(board.track) | filter_values(snapshot, board.track),
        "usual": choice.column_names or usual_columns(board, choice),
        "filter_names": FILTERS,
        "active": sum(bool(getattr(choice, name)) for name in FILTERS),
        "chosen_filters": sum(bool(getattr(choice, name)) for name in FILTERS if name not in ("q", "asof")),
        "of": len(found.whole),
        "absent_pins": [pin for pin in choice.pins if pin not in here],
        "undated": _count_undated(snapshot, board.track, choice.protocol),
        "without_tasks": choice.scope.headline == "selected" and source.protocol == choice.protocol,
        "scope_words": _scope_words(choice),
        "least": MIN_TASKS,
    }


@cached_per_snapshot
def _count_undated(snapshot: Snapshot, track: str, protocol: str) -> int:
    """Count the results without a known publication day."""
    dated = publication_days(snapshot)
    on_board = [ulid for ulid, result in snapshot.published if (result.track, result.protocol) == (track, protocol)]
    return sum(ulid not in dated for ulid in on_board)


def pin_links(visit: PageRequest, board: Board, choice: BoardQuery) -> dict[str, Any]:
    """Build the pin links: the query before and after a row's key, and the full query for pinned rows."""
    address, default = f"/board/{board.track}", visit.site.settings.protocol_of(board.track)
    pinned = choice.query(default, pin=",".join((*choice.pins, _KEY)))
    before, _, after = pinned.rpartition(_KEY)
    unpin = {pin: address + choice.query(default, pin=choice.without_pin(pin)) for pin in choice.pins}
    return {"pin_to": (address + before, after), "unpin": unpin, "room_for_pins": len(choice.pins) < MAX_PINS}


def cite_view(visit: PageRequest, board: Board, choice: BoardQuery, found: BoardRows) -> Citation:
    """Build the citation of the view."""
    results = visit.snapshot.results
    ids = [row.submission for row in found.whole if row.submission]
    hashes = {results[ulid][choice.protocol].protocol_sha256 for ulid in ids}
    scope = _scope_words(choice)
    track = get_track(board.track)
    subset = "" if scope and choice.subset == track.subsets[0] else track.name_subset(choice.subset)
    parts = (f"{track.title} board", humanize(choice.method), subset, scope)
    what = ", ".join(part for part in parts if part)
    return make_citation(f"{visit.origin}/board/{board.track}", what, choice, found.whole, sorted(hashes))


def _with_heading(column: Column, choice: BoardQuery) -> Column:
    label = _scope_words(choice)
    return replace(column, label=label[:1].upper() + label[1:]) if column.key == "selected" and label else column


def _scope_words(choice: BoardQuery) -> str:
    """Describe the chosen tasks in words; empty for all."""
    return ", ".join(humanize(value) for value in (choice.category, choice.kind, choice.language) if value)


def _is_filled(column: Column, choice: BoardQuery, rows: Sequence[BoardRow]) -> bool:
    """Return whether a view shows a column: the selected mean if tasks are chosen, ranks if a row has one."""
    if column.key == "selected":
        return choice.scope.headline == "selected"
    return column.kind not in ("rank", "spread", "date") or any(getattr(row, column.key) is not None for row in rows)
