"""A picture for each page, shown where its link is shared: who leads, what a task asks, what a system reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from leaderboard.data.scales import in_use, scale_of
from leaderboard.data.systems import entries, slug_of, system_named
from leaderboard.pages.cases.detected import found_case
from leaderboard.pages.cases.library import shelf
from leaderboard.pages.cases.list_page import Chosen
from leaderboard.pages.home import leading
from leaderboard.pages.social_cards.drawing import Bar, Card, Words, drawn
from leaderboard.pages.task.page import scores_table
from leaderboard.templates import figure, words
from leaderboard.templates.markdown_docs import doc_named
from leaderboard.tracks import BOARDS, board_named
from leaderboard.web.site import Visit, answer
from submissions.errors import NotFound
from submissions.index.result_summary import Summary
from submissions.tracks import TRACKS

ROWS = 5


def show(_: Request, visit: Visit) -> Response:
    """The picture of the page whose path stands before `.png`. Raises NotFound."""
    kind, slash, name = visit.names["path"].partition("/")
    known = CARDS if slash else LISTS
    if kind not in known or bool(slash) != bool(name):
        there = [*LISTS, *(f"{one}/<name>" for one in CARDS)]
        raise NotFound(f"No picture {visit.names['path'][:120]!r}; there are: {', '.join(there)}.")
    return Response(drawn(known[kind](visit, name)), media_type="image/png")


def site(visit: Visit, _: str) -> Card:
    """The site as a whole: its question and its size."""
    snapshot = visit.snapshot
    note = f"{len(snapshot.tasks)} tasks · {len(snapshot.entered)} submissions · {len(snapshot.results)} results"
    return Card(
        "leaderboard", Words("Which system finds or makes the training data that teaches a model most?"), note=note
    )


def board(visit: Visit, name: str) -> Card:
    """A board's first rows."""
    track = board_named(name).track
    found = leading(visit.snapshot, track, visit.site.settings.protocol)
    scored = [(row, row.overall) for row in found.rows[:ROWS] if row.overall is not None]
    top = max([found.scale.reference, *(value for _, value in scored)])
    bars = tuple(
        Bar(_called(row.system, row.team), value / top, figure(value, found.scale.decimals)) for row, value in scored
    )
    note = (
        f"Highest overall by fine-tuning, {found.protocol}, {found.scale.unit}"
        if bars
        else "No system has a score yet."
    )
    return Card("board", Words(TRACKS[track].title), Words("" if bars else BOARDS[track].lead), bars, note)


def task(visit: Visit, name: str) -> Card:
    """A demand's first words, and the best that a system gained on it."""
    if name not in visit.snapshot.tasks:
        raise NotFound(f"No task {name[:120]!r}. The page /tasks lists all {len(visit.snapshot.tasks)}.")
    of = visit.snapshot.tasks[name]
    best = _best(visit, name)
    bars: tuple[Bar, ...] = ()
    note = "No system has a score yet."
    if best:
        scale = scale_of(best["protocol"])
        shown = figure(best["gain"] * scale.factor, scale.decimals)
        bars = (Bar(_called(best["system"], best["team"]), best["gain"], shown),)
        note = f"Best by fine-tuning, {best['protocol']}, {scale.unit}"
    return Card(f"task · {words(of.category)} · {of.language}", Words(of.title, of.id), Words(of.demand), bars, note)


def system(visit: Visit, name: str) -> Card:
    """A system's totals."""
    of = system_named(visit.snapshot, name)
    results = [visit.snapshot.results[ulid] for ulid in reversed(of.runs) if ulid in visit.snapshot.results]
    protocols = in_use(visit.site.settings.protocol, {protocol for found in results for protocol in found})
    tracks = dict.fromkeys(result.track for found in results for result in found.values())
    known = (entries(visit.snapshot, track, protocol).get(name) for track in tracks for protocol in protocols)
    entry = next((one for one in known if one), None)
    bars, note = _totals(entry.result) if entry else ((), "No result yet.")
    kind = f"system · {words(of.system_type)}"
    return Card(kind, Words(of.name, name.rpartition("-")[0]), Words(of.team), bars, note)


def submission(visit: Visit, ulid: str) -> Card:
    """Whose submission it is, and its totals or where it stands."""
    snapshot = visit.snapshot
    if ulid not in snapshot.entered:
        raise NotFound(f"No submission {ulid[:40]!r}. The page /submissions lists all {len(snapshot.entered)}.")
    of, now = snapshot.entered[ulid], snapshot.now.get(ulid)
    result = next(iter(snapshot.results.get(ulid, {}).values()), None)
    bars, note = _totals(result) if result else ((), now.state if now else "")
    return Card(f"submission · {of.created_at:%Y-%m-%d}", _called(of.system, of.team), Words(of.team), bars, note)


def doc(_: Visit, name: str) -> Card:
    """A document's title and first words."""
    of = doc_named(name)
    return Card("documents", Words(of.title), Words(of.lead))


def case(visit: Visit, slug: str) -> Card:
    """What a case is of: who says what, or what stands out in the results of a task. Raises NotFound."""
    written = shelf(visit.snapshot, visit.site.reader.arena).cases.get(slug)
    if written:
        front = written.front
        return Card("case study", Words(front.title, slug), Words(front.summary), note=front.date.isoformat())
    for track, protocol in product(TRACKS, Chosen.of(visit).protocols):
        if of := found_case(visit.snapshot, track, protocol, slug):
            title, said = visit.snapshot.tasks[of.task].title, of.said[0].striptags()
            return Card(f"case · {of.label}", Words(title, of.task), Words(said), note=protocol)
    raise NotFound(f"No case {slug[:80]!r}. The page /cases lists all.")


def cases(visit: Visit, _: str) -> Card:
    """How many cases somebody wrote."""
    count = len(shelf(visit.snapshot, visit.site.reader.arena).cases)
    text = "A demand, what each system delivered for it, its scores, and a short account of why."
    return Card("cases", Words("Case studies"), Words(text), note=f"{count} written, and those the results point at")


def insights(visit: Visit, _: str) -> Card:
    """How many results they rest on."""
    text = "What the results say taken together: which kinds of systems gain where, and what foretells a gain."
    return Card("insights", Words("Insights"), Words(text), note=f"From {len(visit.snapshot.results)} results")


def submissions(visit: Visit, _: str) -> Card:
    """How many there are, by where they stand."""
    count = Counter(status.state for status in visit.snapshot.now.values())
    note = " · ".join(f"{number} {state}" for state, number in count.most_common())
    text = "Every delivery, and where its evaluation stands."
    return Card("submissions", Words(f"{len(visit.snapshot.entered)} submissions"), Words(text), note=note)


def tasks(visit: Visit, _: str) -> Card:
    """How many there are, by kind and language."""
    known = visit.snapshot.tasks.values()
    languages, categories = ({one.language for one in known}, {one.category for one in known})
    text = "Each a demand for a data set, in plain words, and how much data that meets it is worth."
    note = f"{len(languages)} languages · {len(categories)} categories"
    return Card("tasks", Words(f"{len(known)} tasks"), Words(text), note=note)


LISTS: dict[str, Callable[[Visit, str], Card]] = {
    "index": site,
    "cases": cases,
    "insights": insights,
    "submissions": submissions,
    "tasks": tasks,
}
"""By the path of a page that shows many things."""
CARDS: dict[str, Callable[[Visit, str], Card]] = {
    "board": board,
    "cases": case,
    "tasks": task,
    "systems": system,
    "submissions": submission,
    "docs": doc,
}
"""By the first part of the path of a page that shows one thing."""


def _called(system: str, team: str) -> Words:
    """A system's name, or the readable part of its slug."""
    return Words(system, slug_of(team, system).rpartition("-")[0])


def _best(visit: Visit, name: str) -> dict[str, Any] | None:
    """The highest gain on a task by fine-tuning, under the first protocol that has one."""
    rows = [
        row
        for row in scores_table(visit.snapshot, name).rows
        if row["method"] == "fine_tune" and row["gain"] is not None and not row["flagged"] and row["state"] == "scored"
    ]
    order = in_use(visit.site.settings.protocol, {row["protocol"] for row in rows})
    return min(rows, key=lambda row: (order.index(row["protocol"]), -row["gain"]), default=None)


def _totals(result: Summary) -> tuple[tuple[Bar, ...], str]:
    """A result's means by fine-tuning over all tasks, and what they are."""
    scale = scale_of(result.protocol)
    found = {
        total.group: total.gain.value
        for total in result.totals
        if (total.method, total.subset) == ("fine_tune", "full")
    }
    bars = tuple(
        Bar(Words(group), value, figure(value * scale.factor, scale.decimals))
        for group, value in found.items()
        if value is not None
    )
    apart = " · set apart" if result.flagged else ""
    note = f"Fine-tuned, all tasks, {result.protocol}, {scale.unit}{apart}"
    return bars, note if bars else "Not all of it could be scored yet."


ROUTES = [answer("/og/{path:path}.png", show)]
