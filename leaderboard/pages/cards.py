"""A picture for each page, shown where its link is shared: who leads, what a task asks, what a system reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from leaderboard.cards import Bar, Card, Words, drawn
from leaderboard.docs import doc_named
from leaderboard.pages.home import leading
from leaderboard.pages.task import scores_table
from leaderboard.protocols import in_use, scale_of
from leaderboard.systems import entries, slug_of, system_named
from leaderboard.templates import figure, words
from leaderboard.tracks import BOARDS, board_named
from leaderboard.web import Visit, answer
from submissions.errors import NotFound
from submissions.summary import Summary
from submissions.tracks import TRACKS

ROWS = 5


def show(_: Request, visit: Visit) -> Response:
    """The picture of the page whose path stands before `.png`. Raises NotFound."""
    kind, _slash, name = visit.names["path"].partition("/")
    if kind not in CARDS or bool(name) != (kind != "index"):
        raise NotFound(f"No picture {visit.names['path'][:120]!r}; there are: index and {', '.join(CARDS)}/<name>.")
    return Response(drawn(CARDS[kind](visit, name)), media_type="image/png")


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


CARDS: dict[str, Callable[[Visit, str], Card]] = {
    "index": site,
    "board": board,
    "tasks": task,
    "systems": system,
    "submissions": submission,
    "docs": doc,
}
"""By the first part of a page's path."""


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
