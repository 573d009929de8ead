"""Comparison of two to five systems: totals, categories, metadata, every task, and pairwise tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.board.rows import protocols_of
from leaderboard.charts.dumbbell_chart import SHAPES, assign_hues, build_dumbbell_plot
from leaderboard.charts.plotly_charts import build_radar_chart
from leaderboard.data.comparison_key import ComparisonKey
from leaderboard.data.scales import protocols_in_use, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import System, SystemResult, count_attempts, system_labels, system_named, system_results
from leaderboard.data.tables.system_picker import build_picker
from leaderboard.data.tables.table_frames import Table
from leaderboard.pages.compare.pairwise import pair_table
from leaderboard.pages.compare.tables import (
    FEWEST,
    MOST,
    compare_categories,
    compare_dimensions,
    compare_tasks,
    compare_totals,
)
from leaderboard.ranking.rank_sets import LEVEL
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route
from submissions.tracks import FIRST_TRACK, get_track


def compare_page(visit: PageRequest) -> View:
    """Render the comparison, or a form to choose one. Raises NotFound; HTTPException for downloads of none."""
    terms, protocols, asked = _parse_request(visit)
    chosen, track = _chosen_results(visit.snapshot, terms, asked), get_track(terms.track)
    refusal = _refusal_reason(asked, chosen)
    if refusal and visit.names["ending"]:
        raise HTTPException(400, refusal)
    context = {
        "terms": terms,
        "switches": {"protocol": protocols, "method": track.method_keys, "subset": track.subsets},
        "track": track,
        "refusal": refusal if asked else None,
        "asked": [system.slug for system in asked],
        "without": [system for system in asked if system.slug not in {entry.slug for entry in chosen}],
        "picker": build_picker(visit.snapshot, terms, [system.slug for system in asked], visit.query.get("find", "")),
        "fewest": FEWEST,
        "most": MOST,
        "chosen": [] if refusal else chosen,
        **({} if refusal else _comparison_context(visit.snapshot, terms, chosen)),
    }
    return View("compare.html", context, None if refusal else compare_tasks(visit.snapshot, chosen, terms))


def _comparison_context(snapshot: Snapshot, terms: ComparisonKey, chosen: list[SystemResult]) -> dict[str, Any]:
    names, slugs = system_labels(chosen), [entry.slug for entry in chosen]
    called = [entry.system.name for entry in chosen]
    whole, rows = compare_totals(chosen, terms).rows, compare_tasks(snapshot, chosen, terms).rows
    categories = compare_categories(snapshot, chosen, terms).rows
    return {
        "names": names,
        "hue": dict(zip(slugs, assign_hues(called), strict=True)),
        "shape": dict(zip(slugs, SHAPES, strict=False)),
        "attempts": {entry.slug: count_attempts(snapshot, entry.system, terms.track) for entry in chosen},
        "scale": scale_of(snapshot, terms.protocol),
        "totals": whole,
        "categories": categories,
        "span": _bar_range([*whole, *categories], slugs, _marked_values(snapshot, terms)),
        "rows": rows,
        "plot": build_dumbbell_plot(rows, slugs, called, _marked_values(snapshot, terms)),
        "pairs": pair_table(snapshot, chosen, terms).rows,
        "level": LEVEL,
        **_metadata_context(terms, chosen, names),
    }


def _metadata_context(terms: ComparisonKey, chosen: list[SystemResult], names: dict[str, str]) -> dict[str, Any]:
    """The metadata table, and its chart if one judge with the same prompts gave all the scores."""
    judged = [entry for entry in chosen if entry.result.metadata]
    judges = {
        entry.slug: (entry.result.metadata.snapshot, ", ".join(entry.result.metadata.prompts))
        for entry in judged
        if entry.result.metadata
    }
    rows = compare_dimensions(chosen, terms).rows
    lines = [{"system": names[entry.slug], **{row["dimension"]: row[entry.slug] for row in rows}} for entry in judged]
    one = len(set(judges.values())) == 1
    return {
        "judges": judges,
        "dimensions": rows,
        "figure": build_radar_chart(lines, board_named(terms.track).dimensions, 10) if one else None,
        "unjudged": [names[entry.slug] for entry in chosen if not entry.result.metadata],
    }


def _marked_values(snapshot: Snapshot, terms: ComparisonKey) -> dict[float, str]:
    """Names of the stored values that every chart shows: zero, and the reference where the scale has one."""
    has_reference = scale_of(snapshot, terms.protocol).reference is not None
    zero, top = board_named(terms.track).end_names
    return {0.0: zero, 1.0: top} if has_reference else {0.0: zero}


def _bar_range(rows: Sequence[dict[str, Any]], slugs: Sequence[str], marked: Iterable[float]) -> tuple[float, float]:
    """Range of a cell's bar: from zero to the reference, or wider to include every value and interval."""
    ends = [row[f"{slug}{end}"] for row in rows for slug in slugs for end in ("", "_low", "_high")]
    values = [end for end in ends if end is not None]
    low, high = min([*marked, *values]), max([*marked, *values])
    return low, high if high > low else low + 1.0


def _parse_request(visit: PageRequest) -> tuple[ComparisonKey, tuple[str, ...], list[System]]:
    """Parse the key, the offered protocols, and the URL's systems without duplicates. Raises NotFound."""
    board = board_named(visit.query.get("track") or FIRST_TRACK)
    protocols = protocols_in_use(
        visit.snapshot, visit.site.settings.protocol_of(board.track), protocols_of(visit.snapshot, board.track)
    )
    slugs = dict.fromkeys(parse_qs(visit.query_text).get("system", []))
    named = [system_named(visit.snapshot, slug) for slug in slugs]
    systems = {system.slug: system for system in named}  # two slugs may be spellings of one system
    return ComparisonKey.from_query(visit.query, board.track, protocols), protocols, list(systems.values())


def _chosen_results(snapshot: Snapshot, terms: ComparisonKey, asked: Sequence[System]) -> list[SystemResult]:
    found = system_results(snapshot, terms.track, terms.protocol)
    return [found[system.slug] for system in asked if system.slug in found]


def _refusal_reason(asked: Sequence[System], chosen: Sequence[SystemResult]) -> str | None:
    """Return the reason for a missing comparison, in words for the page; None if there is one."""
    if len(asked) > MOST:
        return f"{len(asked)} systems are too many to compare: choose {FEWEST} to {MOST}."
    if len(chosen) < FEWEST:
        have = "One system" if chosen else "No system"
        return f"{have} with a result under this protocol selected: a comparison needs {FEWEST} to {MOST}."
    return None


def _table_routes(name: str, table_of: Callable[[Snapshot, list[SystemResult], ComparisonKey], Table]) -> list[Route]:
    """Routes of a table on the page: its downloads, and a redirect to its section."""

    def redirect_to_page(request: Request) -> Response:
        return RedirectResponse(f"/compare?{request.url.query}#{name}")

    def show_part(visit: PageRequest) -> View:
        terms, _, asked = _parse_request(visit)
        chosen = _chosen_results(visit.snapshot, terms, asked)
        if refusal := _refusal_reason(asked, chosen):
            raise HTTPException(400, refusal)
        return View("compare.html", table=table_of(visit.snapshot, chosen, terms))

    return [Route(f"/compare/{name}", redirect_to_page), page_route(f"/compare/{name}{{ending:ending}}", show_part)]


ROUTES = [
    *_table_routes("pairs", pair_table),
    *_table_routes("totals", lambda _, chosen, terms: compare_totals(chosen, terms)),
    *_table_routes("categories", compare_categories),
    *_table_routes("metadata", lambda _, chosen, terms: compare_dimensions(chosen, terms)),
    page_route("/compare{ending:ending}", compare_page),
]
