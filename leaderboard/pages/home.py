"""The front page: what the arena is, who leads, how to take part."""

from __future__ import annotations

from itertools import islice

from leaderboard.boards import board_rows, protocols_of
from leaderboard.choice import Choice
from leaderboard.protocols import in_use, scale_of
from leaderboard.snapshot import Snapshot
from leaderboard.tracks import BOARDS
from leaderboard.web import Site, View, Visit, page
from submissions.tracks import TRACKS

LEADERS = 5


def show(visit: Visit) -> View:
    """Each board's leaders under the default protocol, and under the next one while that has none."""
    site, snapshot = visit.site, visit.snapshot
    boards = [_leaders(site, snapshot, track) for track in BOARDS]
    recent = [
        (ulid, snapshot.entered[ulid], snapshot.histories[ulid].now)
        for ulid in islice(reversed(list(snapshot.histories)), LEADERS)
    ]
    counts = {"tasks": len(snapshot.tasks), "submissions": len(snapshot.entered), "results": len(snapshot.results)}
    return View("home.html", {"boards": boards, "recent": recent, "counts": counts})


def _leaders(site: Site, snapshot: Snapshot, track: str) -> dict[str, object]:
    protocols = in_use(site.settings.protocol, protocols_of(snapshot, track))
    for protocol in protocols:
        choice = Choice(protocol=protocol)
        rows = [row for row in board_rows(snapshot, track, choice, placed=False).shown if row.overall is not None]
        ranked = [vars(row) for row in rows if not row.flagged and row.system_type]
        if ranked:
            break
    return {
        "track": TRACKS[track],
        "board": BOARDS[track],
        "rows": ranked[:LEADERS],
        "protocol": protocol,
        "scale": scale_of(protocol),
        "query": choice.query(site.settings.protocol),
    }


ROUTES = [page("/", show)]
