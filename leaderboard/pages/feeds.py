"""Atom feeds of a board's publications and of a submission's history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from leaderboard.data.same_names import shown_system
from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.templates import format_figure, humanize
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route
from submissions.arena.ids import parse_id_time
from submissions.errors import NotFound
from submissions.index.result_summary import ResultSummary
from submissions.tracks import get_track

MAX_ENTRIES = 50
"""Maximum entries of a feed, newest first; readers keep earlier entries."""
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 forbids, escaped or not."""


@dataclass(frozen=True)
class FeedEntry:
    """One event of a feed."""

    id: str
    """Permanent id, unique in the feed."""
    title: str
    summary: str
    time: datetime
    path: str


def board_feed(visit: PageRequest) -> View:
    """Render a board's results by publication day. Raises NotFound for an unknown track."""
    track = board_named(visit.names["track"]).track
    snapshot = visit.snapshot
    days = {
        ulid: day
        for ulid, day in snapshot.published_on.items()
        if ulid in snapshot.histories
        and any(result.track == track for result in snapshot.results.get(ulid, {}).values())
    }
    newest = nlargest(MAX_ENTRIES, days, key=lambda ulid: (days[ulid], ulid))
    entries = [entry for ulid in newest for entry in _publication_entries(snapshot, ulid, track)]
    return _feed_view(visit, f"{get_track(track).title} board", f"/board/{track}", entries)


def submission_feed(visit: PageRequest) -> View:
    """Render all events of a submission. Raises NotFound."""
    ulid = visit.names["ulid"]
    history = visit.snapshot.histories.get(ulid)
    if history is None:
        raise NotFound(f"No submission {ulid[:40]!r}; /submissions lists all {len(visit.snapshot.submissions)}.")
    path, submission = f"/submissions/{ulid}", visit.snapshot.submissions.get(ulid)
    entries = [
        FeedEntry(f"{path}#{number}", humanize(status.state), status.message, status.time, path)
        for number, status in enumerate(history.entries)
    ]
    title = shown_system(visit.snapshot, submission.team, submission.system)[1] if submission else ulid
    return _feed_view(visit, title, path, entries)


def _publication_entries(snapshot: Snapshot, ulid: str, track: str) -> list[FeedEntry]:
    results = [result for result in snapshot.results[ulid].values() if result.track == track]
    times = [entry.time for entry in snapshot.histories[ulid].entries if entry.state == "published"] if results else []
    path = f"/submissions/{ulid}"
    return [
        FeedEntry(
            f"{path}?protocol={result.protocol}",
            _name_system(snapshot, result),
            _describe_result(snapshot, result),
            time,
            path,
        )
        for result in results
        for time in times[:1]
    ]


def _name_system(snapshot: Snapshot, result: ResultSummary) -> str:
    team, system = shown_system(snapshot, result.team, result.system)
    return f"{system} by {team}"


def _describe_result(snapshot: Snapshot, result: ResultSummary) -> str:
    if result.flagged:
        return f"{result.protocol}: under review. {result.flagged}"
    scale = scale_of(snapshot, result.protocol)
    track = get_track(result.track)
    total = result.find_total(track.headline, track.subsets[0], "overall")
    gains = [total.gain] if total else []
    said = [
        f"{format_figure(value, scale.decimals)}, {scale.unit}"
        for gain in gains
        if (value := scale.to_display(gain.value)) is not None
    ]
    return f"{result.protocol}: {said[0] if said else f'not scored by {track.headline_method.words}'}"


def _feed_view(visit: PageRequest, title: str, path: str, entries: list[FeedEntry]) -> View:
    newest = sorted(entries, key=lambda entry: entry.time, reverse=True)[:MAX_ENTRIES]
    context = {
        "title": title,
        "path": path,
        "entries": newest,
        "updated": newest[0].time if newest else parse_id_time("00000000000000000000000000"),
        "origin": visit.origin,
        "legal": replace_illegal,
    }
    return View("feed.xml", context, media="application/atom+xml")


def replace_illegal(text: str) -> str:
    """Replace the characters that XML forbids."""
    return _ILLEGAL.sub("\ufffd", text)


ROUTES = [
    page_route("/board/{track}/feed.atom", board_feed),
    page_route("/submissions/{ulid}/feed.atom", submission_feed),
]
