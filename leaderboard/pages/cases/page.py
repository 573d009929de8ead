"""Page of one case: the demand, each system's delivery, its scores, and a short explanation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from leaderboard.cases.contests import build_contests
from leaderboard.cases.detector import DetectedCase
from leaderboard.data.scales import scale_of
from leaderboard.data.tables.table_frames import Table, frame_of
from leaderboard.pages.cases.case_file import CaseFile, CaseFrontMatter
from leaderboard.pages.cases.detected import detected_case
from leaderboard.pages.cases.library import load_cases
from leaderboard.pages.cases.list_page import CaseListQuery
from leaderboard.pages.cases.side_by_side import CaseRow, CaseSide, evaluated_sides, published_sides
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.records.task import Task
from submissions.tracks import FIRST_TRACK, TRACKS, get_track
from submissions.tracks.published_protocol import POINTS


def case_page(visit: PageRequest) -> View:
    """Render a written case, or a detected one. Raises NotFound."""
    slug, chosen = visit.names["slug"], CaseListQuery.from_request(visit)
    written = load_cases(visit.snapshot, visit.site.reader.arena).cases.get(slug)
    if written:
        return _written_case_view(visit, chosen, written)
    for track in TRACKS:
        if case := detected_case(visit.snapshot, track, chosen.protocol, slug):
            return _detected_case_view(visit, chosen, case)
    raise NotFound(f"No case {slug[:80]!r} under {chosen.protocol}. The page /cases lists all.")


def _written_case_view(visit: PageRequest, chosen: CaseListQuery, case: CaseFile) -> View:
    front, snapshot = case.front, visit.snapshot
    protocol = front.protocol or chosen.protocol
    task = snapshot.tasks.get(front.task or "")
    ids = front.systems or (_best_submissions(visit, task, protocol) if task else ())
    sides = list(_evaluated_sides(visit, task, protocol, ids))
    context: dict[str, Any] = {
        "title": front.title,
        "label": "Case study",
        "front": front,
        "account": case.account,
        "said": (),
        "notices": _missing_notices(front, task, protocol, sides),
        "elsewhere": list(published_sides(front)),
    }
    return _case_view(visit, case.slug, context, task, protocol, sides, chosen.query())


def _detected_case_view(visit: PageRequest, chosen: CaseListQuery, case: DetectedCase) -> View:
    task = visit.snapshot.tasks[case.task]
    sides = list(_evaluated_sides(visit, task, chosen.protocol, case.shown))
    context: dict[str, Any] = {
        "title": task.title,
        "label": case.label,
        "front": None,
        "account": None,
        "said": case.said,
        "notices": [],
        "elsewhere": [],
    }
    return _case_view(visit, case.slug, context, task, chosen.protocol, sides, chosen.query())


def _case_view(
    visit: PageRequest,
    slug: str,
    context: dict[str, Any],
    task: Task | None,
    protocol: str,
    sides: Sequence[CaseSide],
    query: str,
) -> View:
    track = task.track if task else FIRST_TRACK
    scale = scale_of(visit.snapshot, protocol)
    rows = list(chain.from_iterable(side.rows for side in sides))
    ends = [getattr(row, name) for row in rows for name in ("gain", "gain_low", "gain_high")]
    values = [end for end in ends if end is not None]
    shared = {
        "task": task,
        "track": get_track(track),
        "columns": board_named(track).task_labels,
        "protocol": protocol,
        "scale": scale,
        "sides": sides,
        "one": POINTS,
        "query": query,
        "span": (min([0.0, *values]), max([0.0 if scale.is_score else 1.0, *values]) or 1.0),
        "slug": slug,
    }
    other = [row for side in context["elsewhere"] for row in side.rows]
    return View("case.html", {**context, **shared}, Table(f"case-{slug}", frame_of(CaseRow, [*rows, *other])))


def _evaluated_sides(visit: PageRequest, task: Task | None, protocol: str, ids: Sequence[str]) -> list[CaseSide]:
    return list(evaluated_sides(visit.snapshot, visit.site.reader.arena, task.id, protocol, ids)) if task else []


def _best_submissions(visit: PageRequest, task: Task, protocol: str) -> tuple[str, ...]:
    """Submissions of the best system of each type on a task."""
    contest = build_contests(visit.snapshot, task.track, protocol).get(task.id)
    return contest.shown if contest else ()


def _missing_notices(front: CaseFrontMatter, task: Task | None, protocol: str, sides: Sequence[CaseSide]) -> list[str]:
    """Notices about a task or submissions that the case names and the arena lacks."""
    if front.task and not task:
        return [f"The benchmark has no task {front.task}, so neither its demand nor its scores can be shown."]
    there = {side.who.submission for side in sides}
    return [f"Submission {ulid} has no result on this task under {protocol}." for ulid in front.systems
            if ulid not in there]  # fmt: skip


ROUTES = [page_route("/cases/{slug:stem}{ending:ending}", case_page)]
