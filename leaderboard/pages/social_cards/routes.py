"""Preview images of pages for shared links: leaders, demands and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from leaderboard.data.same_names import shown_system
from leaderboard.data.scales import protocols_in_use, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.systems import slug_of, system_named, system_results
from leaderboard.pages.cases.detected import detected_case
from leaderboard.pages.cases.library import load_cases
from leaderboard.pages.cases.list_page import CaseListQuery
from leaderboard.pages.home import board_leaders, describe_front
from leaderboard.pages.social_cards.drawing import Bar, SocialCard, Words, draw_card
from leaderboard.pages.task.page import scores_table
from leaderboard.templates import format_figure, humanize
from leaderboard.templates.markdown_docs import load_doc
from leaderboard.tracks import BOARDS, board_named
from leaderboard.web.site import PageRequest, cached_route
from submissions.errors import NotFound
from submissions.index.result_summary import ResultSummary
from submissions.tracks import FIRST_TRACK, TRACKS, get_track

ROWS = 5


def social_card_image(_: Request, visit: PageRequest) -> Response:
    """Render the image of the page whose path precedes `.png`. Raises NotFound."""
    kind, slash, name = visit.names["path"].partition("/")
    known = CARDS if slash else LISTS
    if kind not in known or bool(slash) != bool(name):
        there = [*LISTS, *(f"{one}/<name>" for one in CARDS)]
        raise NotFound(f"No picture {visit.names['path'][:120]!r}; there are: {', '.join(there)}.")
    return Response(draw_card(known[kind](visit, name)), media_type="image/png")


def site_card(visit: PageRequest, _: str) -> SocialCard:
    """Card of the whole site: its question and its size."""
    snapshot = visit.snapshot
    note = f"{len(snapshot.tasks)} tasks · {len(snapshot.briefs)} submissions · {len(snapshot.results)} results"
    return SocialCard("leaderboard", Words(describe_front().question), note=note)


def board_card(visit: PageRequest, name: str) -> SocialCard:
    """Card of a board: its first rows."""
    track = board_named(name).track
    found = board_leaders(visit.snapshot, track, visit.site.settings.protocol_of(track))
    scored = [(row, row.overall) for row in found.rows[:ROWS] if row.overall is not None]
    top = max([found.scale.reference or 0.0, *(value for _, value in scored)]) or 1.0
    by = get_track(track).headline_method.words
    bars = tuple(
        Bar(
            _system_words(visit.snapshot, row.system, row.team), value / top, format_figure(value, found.scale.decimals)
        )
        for row, value in scored
    )
    note = f"Highest overall by {by}, {found.protocol}, {found.scale.unit}" if bars else "No system has a score yet."
    return SocialCard("board", Words(TRACKS[track].title), Words("" if bars else BOARDS[track].lead), bars, note)


def task_card(visit: PageRequest, name: str) -> SocialCard:
    """Card of a task: the demand's first words, and the best gain."""
    if name not in visit.snapshot.tasks:
        raise NotFound(f"No task {name[:120]!r}. The page /tasks lists all {len(visit.snapshot.tasks)}.")
    of = visit.snapshot.tasks[name]
    best = _best_gain(visit, name)
    bars: tuple[Bar, ...] = ()
    note = "No system has a score yet."
    if best:
        scale = scale_of(visit.snapshot, best["protocol"])
        shown = format_figure(best["gain"] * scale.factor, scale.decimals)
        share = best["gain"] if scale.reference is not None else 1.0
        bars = (Bar(_system_words(visit.snapshot, best["system"], best["team"]), share, shown),)
        note = f"Best by {get_track(of.track).headline_method.words}, {best['protocol']}, {scale.unit}"
    return SocialCard(
        f"task · {humanize(of.category)} · {of.language}", Words(of.title, of.id), Words(of.demand), bars, note
    )


def system_card(visit: PageRequest, name: str) -> SocialCard:
    """Card of a system: its totals."""
    of = system_named(visit.snapshot, name)
    results = [visit.snapshot.results[ulid] for ulid in reversed(of.runs) if ulid in visit.snapshot.results]
    protocols = protocols_in_use(
        visit.snapshot,
        visit.site.settings.protocol_of(FIRST_TRACK),
        {protocol for found in results for protocol in found},
    )
    tracks = dict.fromkeys(result.track for found in results for result in found.values())
    known = (system_results(visit.snapshot, track, protocol).get(of.slug) for track in tracks for protocol in protocols)
    entry = next((one for one in known if one), None)
    bars, note = _total_bars(visit.snapshot, entry.result) if entry else ((), "No result yet.")
    kind = f"system · {humanize(of.system_type)}"
    return SocialCard(kind, Words(of.name, of.slug.rpartition("-")[0]), Words(of.team), bars, note)


def submission_card(visit: PageRequest, ulid: str) -> SocialCard:
    """Card of a submission: its system, and its totals or its state."""
    snapshot = visit.snapshot
    if ulid not in snapshot.briefs:
        raise NotFound(f"No submission {ulid[:40]!r}. The page /submissions lists all {len(snapshot.briefs)}.")
    of, now = snapshot.briefs[ulid], snapshot.now.get(ulid)
    result = next(iter(snapshot.results.get(ulid, {}).values()), None)
    bars, note = _total_bars(snapshot, result) if result else ((), now.state if now else "")
    team, _ = shown_system(snapshot, of.team, of.system)
    title = _system_words(snapshot, of.system, of.team)
    return SocialCard(f"submission · {of.created_at:%Y-%m-%d}", title, Words(team), bars, note)


def doc_card(_: PageRequest, name: str) -> SocialCard:
    """Card of a document: its title and first words."""
    of = load_doc(name)
    return SocialCard("documents", Words(of.title), Words(of.lead))


def case_card(visit: PageRequest, slug: str) -> SocialCard:
    """Card of a case: title and summary, or the finding on a task. Raises NotFound."""
    written = load_cases(visit.snapshot, visit.site.reader.arena).cases.get(slug)
    if written:
        front = written.front
        return SocialCard("case study", Words(front.title, slug), Words(front.summary), note=front.date.isoformat())
    for track, protocol in product(TRACKS, CaseListQuery.from_request(visit).protocols):
        if of := detected_case(visit.snapshot, track, protocol, slug):
            title, said = visit.snapshot.tasks[of.task].title, of.said[0].striptags()
            return SocialCard(f"case · {of.label}", Words(title, of.task), Words(said), note=protocol)
    raise NotFound(f"No case {slug[:80]!r}. The page /cases lists all.")


def cases_card(visit: PageRequest, _: str) -> SocialCard:
    """Card of the case list: the number of written cases."""
    count = len(load_cases(visit.snapshot, visit.site.reader.arena).cases)
    text = "A demand, the data that each system submitted for it, the scores, and a short analysis."
    return SocialCard(
        "cases", Words("Case studies"), Words(text), note=f"{count} written, plus those detected in the results"
    )


def insights_card(visit: PageRequest, _: str) -> SocialCard:
    """Card of the insights: the number of underlying results."""
    text = "All results together: which kinds of systems gain where, and what predicts a gain."
    return SocialCard("insights", Words("Insights"), Words(text), note=f"From {len(visit.snapshot.results)} results")


def submissions_card(visit: PageRequest, _: str) -> SocialCard:
    """Card of the submission list: counts by state."""
    count = Counter(status.state for status in visit.snapshot.now.values())
    note = " · ".join(f"{number} {state}" for state, number in count.most_common())
    text = "Every submission, and the status of its evaluation."
    return SocialCard("submissions", Words(f"{len(visit.snapshot.briefs)} submissions"), Words(text), note=note)


def tasks_card(visit: PageRequest, _: str) -> SocialCard:
    """Card of the task list: counts by kind and language."""
    known = visit.snapshot.tasks.values()
    languages, categories = ({one.language for one in known}, {one.category for one in known})
    text = "Each a demand for a data set, in plain words, with the scores of the systems."
    note = f"{len(languages)} languages · {len(categories)} categories"
    return SocialCard("tasks", Words(f"{len(known)} tasks"), Words(text), note=note)


LISTS: dict[str, Callable[[PageRequest, str], SocialCard]] = {
    "index": site_card,
    "cases": cases_card,
    "insights": insights_card,
    "submissions": submissions_card,
    "tasks": tasks_card,
}
"""Cards of list pages, by path."""
CARDS: dict[str, Callable[[PageRequest, str], SocialCard]] = {
    "board": board_card,
    "cases": case_card,
    "tasks": task_card,
    "systems": system_card,
    "submissions": submission_card,
    "docs": doc_card,
}
"""Cards of item pages, by the first part of the path."""


def _system_words(snapshot: Snapshot, system: str, team: str) -> Words:
    """System name, or the readable part of its slug."""
    team, system = shown_system(snapshot, team, system)
    return Words(system, slug_of(team, system).rpartition("-")[0])


def _best_gain(visit: PageRequest, name: str) -> dict[str, Any] | None:
    """Highest gain on a task by the headline method, under the first protocol that has one."""
    headline = get_track(visit.snapshot.tasks[name].track).headline
    rows = [
        row
        for row in scores_table(visit.snapshot, name).rows
        if row["method"] == headline and row["gain"] is not None and not row["flagged"] and row["state"] == "scored"
    ]
    order = protocols_in_use(
        visit.snapshot,
        visit.site.settings.protocol_of(visit.snapshot.tasks[name].track),
        {row["protocol"] for row in rows},
    )
    return min(rows, key=lambda row: (order.index(row["protocol"]), -row["gain"]), default=None)


def _total_bars(snapshot: Snapshot, result: ResultSummary) -> tuple[tuple[Bar, ...], str]:
    """Bars of a result's headline means over all tasks, and their description."""
    scale, track = scale_of(snapshot, result.protocol), get_track(result.track)
    found = {
        total.group: total.gain.value
        for total in result.totals
        if (total.method, total.subset) == (track.headline, track.subsets[0])
    }
    known = [value for value in found.values() if value is not None]
    top = 1.0 if scale.reference is not None else max(known, default=0.0) or 1.0
    bars = tuple(
        Bar(Words(group), value / top, format_figure(value * scale.factor, scale.decimals))
        for group, value in found.items()
        if value is not None
    )
    apart = " · under review" if result.flagged else ""
    note = f"By {track.headline_method.words}, all tasks, {result.protocol}, {scale.unit}{apart}"
    return bars, note if bars else "Not fully scored yet."


ROUTES = [cached_route("/og/{path:path}.png", social_card_image)]
