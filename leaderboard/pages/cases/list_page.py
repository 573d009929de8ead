"""List of case studies: written ones before detected ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from leaderboard.cases.detector import DetectedCase
from leaderboard.data.published.latest_results import latest_results
from leaderboard.data.scales import note_of, protocols_in_use, track_of
from leaderboard.data.tables.table_frames import Table, TableRow, frame_of
from leaderboard.pages.cases.case_file import CaseFile
from leaderboard.pages.cases.detected import detect_cases
from leaderboard.pages.cases.library import builtin_cases, load_cases
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.tracks import FIRST_TRACK, TRACKS, get_track


@dataclass(frozen=True)
class CaseListRow(TableRow):
    """One case in the list."""

    slug: str
    origin: str
    """`organiser`, `published` with the site, or `found` by it in the results."""
    kind: str
    """`written`, or the kind of a detected case, for example `corner`."""
    label: str
    """Finding of a detected case; else the source or author."""
    title: str
    summary: str
    task: str | None
    date: str | None
    """None for a detected case, which is as old as the results."""
    protocol: str | None
    """Protocol under which it was detected."""


@dataclass(frozen=True)
class CaseListQuery:
    """Protocol for detecting cases."""

    protocol: str
    protocols: tuple[str, ...]
    track: str
    """The protocol's track."""
    usual: str
    """Protocol of a query without one: the site's own, or the next while that has no result."""

    @classmethod
    def from_request(cls, visit: PageRequest) -> Self:
        """Parse a request. Raises NotFound."""
        default = visit.site.settings.protocol_of(FIRST_TRACK)
        protocols = protocols_in_use(
            visit.snapshot, default, {result.protocol for _, result in visit.snapshot.published}
        )
        filled = [name for name in protocols if any(latest_results(visit.snapshot, track, name) for track in TRACKS)]
        usual = (filled or list(protocols))[0]
        protocol = visit.query.get("protocol") or usual
        if protocol not in protocols:
            raise NotFound(f"No protocol {protocol[:80]!r}; there are: {', '.join(protocols)}.")
        return cls(protocol, protocols, track_of(visit.snapshot, protocol), usual)

    def query(self, protocol: str = "") -> str:
        """Query string of this choice, or of another protocol; empty for the usual one."""
        protocol = protocol or self.protocol
        return f"?{urlencode({'protocol': protocol})}" if protocol != self.usual else ""


def cases_page(visit: PageRequest) -> View:
    """Render all written cases, and the most notable detected ones. Raises NotFound."""
    chosen = CaseListQuery.from_request(visit)
    written = load_cases(visit.snapshot, visit.site.reader.arena)
    rows = [_written_case_row(case) for case in written.cases.values()]
    rows.sort(key=lambda row: row.origin)
    by_results = [case for track in TRACKS for case in detect_cases(visit.snapshot, track, chosen.protocol).values()]
    rows += _detected_case_rows(visit, chosen, by_results)
    context = {
        "chosen": chosen,
        "meaning": note_of(visit.snapshot, chosen.protocol),
        "unreadable": written.unreadable,
        "detectors": board_named(chosen.track).cases,
        "title_of_track": get_track(chosen.track).title,
        "summaries": {case.slug: case.said[0] for case in by_results},
    }
    return View("cases.html", context, Table("cases", frame_of(CaseListRow, rows)))


def _written_case_row(case: CaseFile) -> CaseListRow:
    front = case.front
    origin = "published" if builtin_cases().get(case.slug) is case else "organiser"
    return CaseListRow(
        slug=case.slug,
        origin=origin,
        kind="written",
        label=front.source.name if front.source else (front.author or "organiser"),
        title=front.title,
        summary=front.summary,
        task=front.task,
        date=front.date.isoformat(),
        protocol=None,
    )


def _detected_case_rows(visit: PageRequest, chosen: CaseListQuery, cases: list[DetectedCase]) -> Iterator[CaseListRow]:
    for case in cases:
        yield CaseListRow(
            slug=case.slug,
            origin="found",
            kind=case.kind,
            label=case.label,
            title=visit.snapshot.tasks[case.task].title,
            summary=case.said[0].striptags(),
            task=case.task,
            date=None,
            protocol=chosen.protocol,
        )


ROUTES = [page_route("/cases{ending:ending}", cases_page)]
