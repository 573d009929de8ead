"""Page of a track's board, and the table behind its radar chart."""

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
from leaderboard.board.row import SCORES, BoardRow
from leaderboard.board.rows import BoardRows, board_rows, parse_board_query, protocols_of, table_of
from leaderboard.board.self_reported import BADGE
from leaderboard.charts.plotly_charts import build_radar_chart
from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published import load_published
from leaderboard.data.scales import PROTOCOL_NOTES, Scale, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.judge_scores import DIMENSIONS, chart_rows, metadata_table
from leaderboard.data.tables.system_picker import build_picker
from leaderboard.data.tables.table_frames import as_dict
from leaderboard.pages.board.table_view import cite_view, filter_form, pin_links, shown_columns
from leaderboard.ranking.skew_test import MIN_TASKS
from leaderboard.tracks import board_named
from leaderboard.tracks.board import BoardLayout
from leaderboard.web.site import PageRequest, View, page_route
from submissions.records.result import METHODS
from submissions.tracks import SUBSETS, get_track

MAX_JUDGED = 30
"""Rows of the metadata table on the page; its downloads have all."""


def board_page(visit: PageRequest) -> View:
    """Render the board in the view chosen by the query."""
    site, snapshot = visit.site, visit.snapshot
    board = board_named(visit.names["track"])
    track = board.track
    protocols, choice = _parse_request(visit)
    found = board_rows(snapshot, track, choice)
    if visit.names["ending"]:
        return View("board.html", table=table_of(track, choice, found.shown), is_final=found.is_ranked)
    window = Page.from_query(visit.query)
    scale = scale_of(choice.protocol)
    filled = [name for name in protocols if _has_rows(snapshot, track, name)]
    terms = ComparisonKey(track, choice.protocol, choice.method, choice.subset)
    context = {
        "track": get_track(track),
        "board": board,
        "choice": choice,
        "default_protocol": site.settings.protocol,
        "switches": {"protocol": protocols, "method": METHODS, "subset": SUBSETS},
        "scale": scale,
        "span": _bar_range(found.shown, scale),
        "elsewhere": [name for name in filled if name != choice.protocol],
        "protocol_meaning": PROTOCOL_NOTES.get(choice.protocol, ""),
        "source": load_published(track),
        "terms": terms,
        "picker": build_picker(snapshot, terms),
        "judged_rows": _metadata_rows(snapshot, track, choice.protocol),
        "dimensions": DIMENSIONS,
        "figure": _radar_figure(snapshot, track, choice.protocol),
        **_table_parts(board, choice, found, window),
        "is_ranked": found.is_ranked,
        "window": window,
        "query_of": lambda **changes: page_query(choice, site.settings.protocol, **changes),
        "most_judged": MAX_JUDGED,
        **filter_form(snapshot, board, choice, found),
        **pin_links(visit, board, choice),
        "cite": cite_view(visit, board, choice, found),
    }
    return View("board_rows.html" if window.start else "board.html", context, is_final=found.is_ranked)


def _table_parts(board: BoardLayout, choice: BoardQuery, found: BoardRows, window: Page) -> dict[str, Any]:
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
        "has_intervals": any(low is not None for row in rows for low in _LOWS(row)),
        "notes": sorted({row.note for row in rows if row.note}),
    }


def metadata_export(visit: PageRequest) -> View:
    """Downloads of the radar chart's table, which is part of the board's page."""
    _, choice = _parse_request(visit)
    return View("board.html", table=metadata_table(visit.snapshot, visit.names["track"], choice.protocol))


def redirect_to_metadata(request: Request) -> Response:
    """Redirect to the radar chart's table on the board's page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/board/{board_named(request.path_params['track']).track}{query}#metadata")


def _parse_request(visit: PageRequest) -> tuple[tuple[str, ...], BoardQuery]:
    """Parse the board's protocols and the query's choice. Raises NotFound."""
    board = board_named(visit.names["track"])
    columns = tuple(column.key for column in board.columns)
    return parse_board_query(
        visit.snapshot, board.track, visit.site.settings.protocol, parse_query(visit.query_text), columns
    )


@cached_per_snapshot
def _metadata_rows(snapshot: Snapshot, track: str, protocol: str) -> list[dict[str, Any]]:
    return metadata_table(snapshot, track, protocol).rows


@cached_per_snapshot
def _radar_figure(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Any]:
    rows = chart_rows(_metadata_rows(snapshot, track, protocol))
    return build_radar_chart(rows, board_named(track).dimensions, 10)


def _rank_cuts(rows: list[BoardRow]) -> set[str | None]:
    """Find the submissions above which ranks are cut: the first of each group but the first.

    Published rows are unranked.
    """
    ranked = [row for row in rows if row.rank_group is not None]
    return {row.submission for above, row in pairwise(ranked) if above.rank_group != row.rank_group}


def _has_rows(snapshot: Snapshot, track: str, protocol: str) -> bool:
    return protocol in protocols_of(snapshot, track)


_LOWS = attrgetter(*(f"{score}_low" for score in SCORES))
_ENDS = attrgetter(*(f"{score}{end}" for score in SCORES for end in ("", "_low", "_high")))


def _bar_range(rows: Iterable[BoardRow], scale: Scale) -> tuple[float, float]:
    """Range of a cell's bar: from zero to the reference, or wider to include every value and interval."""
    values = [end for row in rows for end in _ENDS(row) if end is not None]
    return min([0.0, *values]), max([scale.reference, *values])


ROUTES = [
    page_route("/board/{track:stem}{ending:ending}", board_page),
    Route("/board/{track}/metadata", redirect_to_metadata),
    page_route("/board/{track}/metadata{ending:ending}", metadata_export),
]
