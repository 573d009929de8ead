"""Page of a track's board, and the tables of its further sections."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import attrgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.board.pagination import Page, page_query
from leaderboard.board.query import BoardQuery, parse_query
from leaderboard.board.row import BoardRow
from leaderboard.board.rows import BoardRows, board_rows, parse_board_query, protocols_of, table_of
from leaderboard.board.self_reported import BADGE
from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.published import load_published
from leaderboard.data.scales import note_of, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.system_picker import build_picker
from leaderboard.data.tables.table_frames import as_dict
from leaderboard.pages.board.table_view import cite_view, filter_form, pin_links, shown_columns
from leaderboard.ranking.skew_test import MIN_TASKS
from leaderboard.tracks import board_named
from leaderboard.tracks.board import Board, Section
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.tracks import get_track
from submissions.tracks.published_protocol import ProtocolScale


def board_page(visit: PageRequest) -> View:
    """Render the board in the view chosen by the query."""
    snapshot = visit.snapshot
    board = board_named(visit.names["track"])
    track, default = board.track, visit.site.settings.protocol_of(board.track)
    protocols, choice = _parse_request(visit)
    found = board_rows(snapshot, track, choice)
    if visit.names["ending"]:
        return View("board.html", table=table_of(track, choice, found.shown), is_final=found.is_ranked)
    window = Page.from_query(visit.query)
    scale = scale_of(snapshot, choice.protocol)
    filled = [name for name in protocols if _has_rows(snapshot, track, name)]
    terms = ComparisonKey(track, choice.protocol, choice.method, choice.subset)
    known = get_track(track)
    context = {
        "track": known,
        "board": board,
        "choice": choice,
        "default_protocol": default,
        "switches": {
            "protocol": {name: name for name in protocols},
            "method": {method.key: method.label for method in known.methods},
            "subset": {subset: known.name_subset(subset) for subset in known.subsets},
        },
        "scale": scale,
        "span": _bar_range(board, found.shown, scale),
        "elsewhere": [name for name in filled if name != choice.protocol],
        "protocol_meaning": note_of(snapshot, choice.protocol),
        "source": load_published(track),
        "terms": terms,
        "picker": build_picker(snapshot, terms),
        "sections": [(section, section.build(snapshot, track, choice.protocol)) for section in board.sections],
        **_table_parts(board, choice, found, window),
        "is_ranked": found.is_ranked,
        "window": window,
        "query_of": lambda **changes: page_query(choice, default, **changes),
        **filter_form(snapshot, board, choice, found),
        **pin_links(visit, board, choice),
        "cite": cite_view(visit, board, choice, found),
    }
    return View("board_rows.html" if window.start else "board.html", context, is_final=found.is_ranked)


def _table_parts(board: Board, choice: BoardQuery, found: BoardRows, window: Page) -> dict[str, Any]:
    """Template values of the table itself."""
    rows = found.shown
    ranked = [row for row in rows if not row.flagged and not row.pinned]
    return {
        "columns": shown_columns(board, choice, found),
        "pinned": [as_dict(row) for row in rows if row.pinned and not row.flagged],
        "ranked": ranked,
        "flagged": [row for row in rows if row.flagged],
        # Cells are asked for by name: thousands of rows by name would be thousands of dictionaries.
        "shown": [as_dict(row) for row in ranked[window.start : window.end]],
        "next": window.next_page(len(ranked)),
        "cuts": _rank_cuts(ranked) if choice.is_by_rank else set(),
        "has_ranks": any(row.rank_first is not None for row in rows),
        "few_ranked": min((row.tasks for row in rows if row.rank_first is not None and row.tasks), default=MIN_TASKS),
        "least_ranked": MIN_TASKS,
        "has_reports": any(row.badge == BADGE for row in rows),
        "has_intervals": _has_intervals(board, rows),
        "notes": sorted({row.note for row in rows if row.note}),
    }


def section_export(visit: PageRequest) -> View:
    """Downloads of a section's table, which is part of the board's page. Raises NotFound."""
    section = _require_section(visit.names["track"], visit.names["section"])
    _, choice = _parse_request(visit)
    return View("board.html", table=section.table(visit.snapshot, visit.names["track"], choice.protocol))


def redirect_to_section(request: Request) -> Response:
    """Redirect to a section of the board's page. Raises NotFound."""
    track = board_named(request.path_params["track"]).track
    section = _require_section(track, request.path_params["section"])
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/board/{track}{query}#{section.name}")


def _require_section(track: str, name: str) -> Section:
    board = board_named(track)
    if section := board.find_section(name):
        return section
    known = ", ".join(section.name for section in board.sections) or "none"
    raise NotFound(f"The board {board.track} has no section {name[:80]!r}; there are: {known}.")


def _parse_request(visit: PageRequest) -> tuple[tuple[str, ...], BoardQuery]:
    """Parse the board's protocols and the query's choice. Raises NotFound."""
    board = board_named(visit.names["track"])
    default = visit.site.settings.protocol_of(board.track)
    return parse_board_query(visit.snapshot, board.track, default, parse_query(visit.query_text), is_page=True)


def _rank_cuts(rows: list[BoardRow]) -> set[str | None]:
    """Find the submissions above which ranks are cut: the first of each group but the first.

    Published rows are unranked.
    """
    ranked = [row for row in rows if row.rank_group is not None]
    return {row.submission for above, row in pairwise(ranked) if above.rank_group != row.rank_group}


def _has_rows(snapshot: Snapshot, track: str, protocol: str) -> bool:
    return protocol in protocols_of(snapshot, track)


def _has_intervals(board: Board, rows: Iterable[BoardRow]) -> bool:
    lows = attrgetter("selected_low", *(f"{group}_low" for group in board.groups))
    return any(low is not None for row in rows for low in lows(row))


def _bar_range(board: Board, rows: Iterable[BoardRow], scale: ProtocolScale) -> tuple[float, float]:
    """Range of a cell's bar: from zero to the reference, or wider to include every value and interval."""
    scores = (*board.groups, "selected")
    ends = attrgetter(*(f"{score}{end}" for score in scores for end in ("", "_low", "_high")))
    values = [end for row in rows for end in ends(row) if end is not None]
    return min([0.0, *values]), max([scale.reference or 0.0, *values])


SECTION_PATH = "/board/{track}/{section:stem}{ending:ending}"
"""Downloads of a section; openapi.json lists them by section."""
ROUTES = [
    page_route("/board/{track:stem}{ending:ending}", board_page),
    Route("/board/{track}/{section:plain}", redirect_to_section),
    page_route(SECTION_PATH, section_export),
]
