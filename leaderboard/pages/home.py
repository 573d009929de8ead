"""Front page: the arena in short, the leaders, the newest results, and how to take part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.board.leaders import best_of_teams, newest_rows
from leaderboard.board.query import query_class
from leaderboard.board.row import BoardRow
from leaderboard.board.rows import protocols_of
from leaderboard.data.published import load_published
from leaderboard.data.same_names import system_spellings
from leaderboard.data.scales import protocols_in_use, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table, mixed_frame
from leaderboard.pages.cases.library import load_cases
from leaderboard.tracks import BOARDS
from leaderboard.tracks.board import FrontWords
from leaderboard.tracks.planned import PLANNED_TRACKS, PlannedTrack
from leaderboard.web.site import PageRequest, View, page_route
from submissions.records.status import State
from submissions.tracks import TRACKS
from submissions.tracks.published_protocol import ProtocolScale

LEADERS = 5
CASES = 3
ON_THEIR_WAY: tuple[State, ...] = ("received", "checking", "queued", "evaluating", "retrying")


@dataclass(frozen=True)
class Leading:
    """The top of one track's board."""

    track: str
    protocol: str
    scale: ProtocolScale
    query: str
    """Query string of the whole board in this view."""
    rows: tuple[BoardRow, ...]
    last: tuple[BoardRow, ...]
    """Rows of the latest results, newest first."""

    @property
    def shown(self) -> ProtocolScale:
        """The scale with a factor of 1, since a board's rows are already in its unit."""
        return self.scale.model_copy(update={"factor": 1.0})

    @property
    def span(self) -> tuple[float, float]:
        """Range of the bars: from zero to the model trained on the real data, or wider."""
        ends = [end for row in self.rows for end in (row.overall, row.overall_low, row.overall_high) if end is not None]
        return min([0.0, *ends]), max([self.scale.reference or 0.0, *ends])


def home_page(visit: PageRequest) -> View:
    """Render the front page."""
    snapshot = visit.snapshot
    boards = [board_leaders(snapshot, track, visit.site.settings.protocol_of(track)) for track in BOARDS]
    written = load_cases(snapshot, visit.site.reader.arena).cases.values()
    context = {
        "boards": boards,
        "tracks": TRACKS,
        "looks": BOARDS,
        "sources": {track: load_published(track) for track in BOARDS},
        "counts": _arena_counts(snapshot),
        "cases": list(islice(written, CASES)),
        "front": describe_front(),
        "to_come": list_planned(),
    }
    return View("home.html", context, _leaders_table(boards))


def leaders_export(visit: PageRequest) -> View:
    """Downloads of all leaders, which are part of the front page."""
    protocol_of = visit.site.settings.protocol_of
    boards = [board_leaders(visit.snapshot, track, protocol_of(track)) for track in BOARDS]
    return View("home.html", table=_leaders_table(boards))


def redirect_to_home(request: Request) -> Response:  # noqa: ARG001
    """Redirect to the leaders on the front page."""
    return RedirectResponse("/#leaders")


def describe_front() -> FrontWords:
    """Words of the front page: those of the only board, or of all boards together."""
    board, *others = BOARDS.values()
    if board.front and not others:
        return board.front
    titles = [TRACKS[name].title for name in BOARDS]
    listed = f"{', '.join(titles[:-1])} and {titles[-1]}" if others else titles[0]
    about = "A board ranks systems by what they submit. " if others else ""
    return FrontWords(
        title=f"Boards: {listed}" if others else board.lead,
        description=f"Leaderboards of {listed}." if others else board.lead,
        question="Which system delivers the best data?" if others else board.lead,
        about=f"{about}Every score has a protocol, an interval and a recorded setup.",
        delivery=("the files that its board takes", list_files()),
    )


def list_planned() -> list[PlannedTrack]:
    """List the tracks that are designed and not registered yet."""
    return [planned for name, planned in PLANNED_TRACKS.items() if name not in TRACKS]


def list_files() -> str:
    """Forms of the files that each track takes."""
    forms = {track.title: " or ".join(one.name_form for one in track.payloads.values()) for track in TRACKS.values()}
    return "; ".join(f"{form} for {title}" for title, form in forms.items())


def _leaders_table(boards: list[Leading]) -> Table:
    rows = [row for board in boards for row in board.rows]
    return Table("leaders", mixed_frame([board.row for board in BOARDS.values()], rows))


def board_leaders(snapshot: Snapshot, track: str, default: str) -> Leading:
    """Best row of each team under the default protocol, or the next one while that has none."""
    for protocol in protocols_in_use(snapshot, default, protocols_of(snapshot, track)):
        choice = query_class(track)(protocol=protocol, best="team")
        if rows := best_of_teams(snapshot, track, choice, LEADERS):
            break
    return Leading(
        track,
        protocol,
        scale_of(snapshot, protocol),
        choice.query(default),
        tuple(rows),
        tuple(newest_rows(snapshot, track, choice, LEADERS)),
    )


def _arena_counts(snapshot: Snapshot) -> Mapping[str, Any]:
    now = Counter(status.state for status in snapshot.now.values())
    same = system_spellings(snapshot)
    return {
        "tasks": len(snapshot.tasks),
        "languages": len({task.language for task in snapshot.tasks.values()}),
        "systems": len({same[one.team, one.system] for one in snapshot.briefs.values()}),
        "results": len(snapshot.results),
        "on_their_way": sum(now[state] for state in ON_THEIR_WAY),
    }


ROUTES = [
    page_route("/", home_page),
    Route("/leaders", redirect_to_home),
    page_route("/leaders{ending:ending}", leaders_export),
]
