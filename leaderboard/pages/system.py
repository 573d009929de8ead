"""Page of one system: its submissions, and its representative result by category and task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.charts.plotly_charts import build_radar_chart
from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.same_names import system_spellings
from leaderboard.data.scales import protocols_in_use, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.statistics import MIN_TASKS
from leaderboard.data.systems import System, SystemResult, slug_of, system_named, system_results
from leaderboard.data.tables.attempts import attempts_table
from leaderboard.data.tables.costs import run_cost_table
from leaderboard.data.tables.system_categories import category_table
from leaderboard.data.tables.system_profile import run_table, system_task_table
from leaderboard.data.tables.table_frames import Table
from leaderboard.pages.submission.result_findings import judge_table
from leaderboard.pages.submission.result_view import totals_by_group
from leaderboard.ranking.board_ranks import rank_board
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route, site_of
from submissions.errors import NotFound
from submissions.tracks import get_track
from submissions.tracks.published_protocol import ProtocolScale


def system_page(visit: PageRequest) -> View:
    """Render one system with its chosen result by task. Raises NotFound."""
    snapshot, system = visit.snapshot, system_named(visit.snapshot, visit.names["slug"])
    protocols, terms = _parse_terms(visit, system)
    entry = system_results(snapshot, terms.track, terms.protocol).get(system.slug)
    if visit.names["ending"] and not entry:
        raise NotFound(f"System {system.slug} has no result yet; /systems/{system.slug} lists its submissions.")
    track = get_track(terms.track)
    runs = run_table(snapshot, system, terms, protocols)
    context = {
        "system": system,
        "terms": terms,
        "switches": {"protocol": protocols, "method": track.method_keys, "subset": track.subsets},
        "track": track,
        "columns": board_named(track.name).task_labels,
        "runs": runs.rows,
        "scales": {name: scale_of(visit.snapshot, name) for name in protocols},
        "protocols": protocols,
        "attempts": attempts_table(snapshot, system, terms.track).rows,
        "costs": run_cost_table(snapshot, system, terms.track).rows,
        "entry": entry,
        "title_of_track": track.title,
        **(_result_context(snapshot, entry, terms) if entry else {}),
    }
    return View("system.html", context, system_task_table(snapshot, entry, terms) if entry else None)


def _result_context(snapshot: Snapshot, entry: SystemResult, terms: ComparisonKey) -> dict[str, Any]:
    """Template values of the system's representative result."""
    result = entry.result
    whole = snapshot.full_result(result.submission, result.protocol)
    averaged = board_named(result.track).dimensions
    categories = category_table(snapshot, entry, terms).rows
    judged = judge_table(whole, averaged).rows
    values = {row["dimension"]: row["value"] for row in judged}
    scale = scale_of(snapshot, result.protocol)
    ends = [row[end] for row in categories for end in ("gain", "gain_low", "gain_high") if row[end] is not None]
    return {
        "scale": scale,
        "totals": {key: cells for key, cells in totals_by_group(whole).items() if key[0] == terms.subset},
        "place": (rank_board(snapshot, terms.track, terms.protocol, terms.method, terms.subset) or {}).get(
            entry.submission
        ),
        "categories": categories,
        "known": [row for row in categories if row["gain"] is not None],
        "fewest": MIN_TASKS,
        "span": _bar_range(ends, scale),
        "dimensions": judged,
        "figure": build_radar_chart([{"system": result.system, **values}], averaged, 10) if judged else None,
    }


def _bar_range(values: list[float], scale: ProtocolScale) -> tuple[float, float]:
    """Range of a cell's bar: from zero to the reference, if there is one, or wider to include every value."""
    low, high = min([0.0, *values]), max([0.0 if scale.reference is None else 1.0, *values])
    return low, high if high > low else low + 1.0


def _parse_terms(visit: PageRequest, system: System) -> tuple[tuple[str, ...], ComparisonKey]:
    """Parse the system's protocols and the query's choice. Raises NotFound."""
    snapshot = visit.snapshot
    same = system_spellings(snapshot)
    found = [
        result
        for ulid in system.runs
        for result in snapshot.results.get(ulid, {}).values()
        if slug_of(*same[result.team, result.system]) == system.slug
    ]
    made = [snapshot.briefs[ulid].track for ulid in system.runs if ulid in snapshot.briefs]
    # Oldest first, so that the newest is the default.
    tracks = list(dict.fromkeys([*made, *(result.track for result in found)]))
    track = visit.query.get("track") or (found[-1].track if found else tracks[-1])
    if track not in tracks:
        raise NotFound(f"System {system.slug} has nothing on {track[:80]!r}; there is: {', '.join(tracks)}.")
    names = {result.protocol for result in found if result.track == track}
    offered = protocols_in_use(snapshot, visit.site.settings.protocol_of(track), names)
    offered = tuple(name for name in offered if name in names) or offered
    return offered, ComparisonKey.from_query(visit.query, track, offered)


def _run_table(visit: PageRequest) -> Table:
    system = system_named(visit.snapshot, visit.names["slug"])
    protocols, terms = _parse_terms(visit, system)
    return run_table(visit.snapshot, system, terms, protocols)


def _category_table(visit: PageRequest) -> Table:
    system = system_named(visit.snapshot, visit.names["slug"])
    _, terms = _parse_terms(visit, system)
    entry = system_results(visit.snapshot, terms.track, terms.protocol).get(system.slug)
    if entry is None:
        raise NotFound(f"System {system.slug} has no result yet; /systems/{system.slug} lists its submissions.")
    return category_table(visit.snapshot, entry, terms)


def _attempts_table(visit: PageRequest) -> Table:
    system = system_named(visit.snapshot, visit.names["slug"])
    return attempts_table(visit.snapshot, system, _parse_terms(visit, system)[1].track)


def _cost_table(visit: PageRequest) -> Table:
    system = system_named(visit.snapshot, visit.names["slug"])
    return run_cost_table(visit.snapshot, system, _parse_terms(visit, system)[1].track)


def _table_routes(name: str, table_of: Callable[[PageRequest], Table]) -> list[Route]:
    """Routes of a table on the system's page: its downloads, and a redirect to its section."""

    def redirect_to_page(request: Request) -> Response:
        system = system_named(site_of(request).reader.snapshot(), request.path_params["slug"])
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/systems/{system.slug}{query}#{name}")

    def show_part(visit: PageRequest) -> View:
        return View("system.html", table=table_of(visit))

    address = f"/systems/{{slug}}/{name}"
    return [Route(address, redirect_to_page), page_route(f"{address}{{ending:ending}}", show_part)]


ROUTES = [
    *_table_routes("submissions", _run_table),
    *_table_routes("attempts", _attempts_table),
    *_table_routes("costs", _cost_table),
    *_table_routes("categories", _category_table),
    page_route("/systems/{slug:stem}{ending:ending}", system_page),
]
