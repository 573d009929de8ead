"""Page of insights: relations between the boards' figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.board.rows import protocols_of
from leaderboard.charts.svg_charts import type_shape
from leaderboard.data.memoize import cached_per_snapshot
from leaderboard.data.published import load_published
from leaderboard.data.scales import note_of, protocols_in_use, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.insights.insight import MIN_SYSTEMS, Insight
from leaderboard.insights.system_figures import system_figures
from leaderboard.tracks import board_named
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.tracks import FIRST_TRACK, TRACKS, get_track


@dataclass(frozen=True)
class InsightsQuery:
    """Parsed query of the page."""

    track: str
    protocol: str
    default: str
    """Protocol of a query without one."""
    protocols: tuple[str, ...]

    @classmethod
    def from_request(cls, visit: PageRequest) -> Self:
        """Parse a request. Raises NotFound."""
        track = get_track(visit.query.get("track") or FIRST_TRACK).name
        default = visit.site.settings.protocol_of(track)
        protocols = protocols_in_use(visit.snapshot, default, protocols_of(visit.snapshot, track))
        protocol = visit.query.get("protocol") or default
        if protocol not in protocols:
            raise NotFound(f"No protocol {protocol[:80]!r}; there are: {', '.join(protocols)}.")
        return cls(track, protocol, default, protocols)

    def query(self, track: str = "", protocol: str = "") -> str:
        """Query string of this choice, or with another protocol, or of another track; empty for the default."""
        if track and track != self.track:
            return f"?{urlencode({'track': track})}"
        chosen = {"track": self.track, "protocol": protocol or self.protocol}
        default = {"track": FIRST_TRACK, "protocol": self.default}
        differs = {name: value for name, value in chosen.items() if value != default[name]}
        return f"?{urlencode(differs)}" if differs else ""


def insights_page(visit: PageRequest) -> View:
    """Render all sections under the chosen protocol. Raises NotFound."""
    chosen = InsightsQuery.from_request(visit)
    track = get_track(chosen.track)
    context = {
        "title_of_track": track.title,
        "chosen": chosen,
        "tracks": TRACKS,
        "insights": list(build_insights(visit.snapshot, chosen.track, chosen.protocol).values()),
        "scale": scale_of(visit.snapshot, chosen.protocol),
        "source": load_published(chosen.track),
        "meaning": note_of(visit.snapshot, chosen.protocol),
        "fewest": MIN_SYSTEMS,
        "shapes": [(kind.label, type_shape(kind.key), "currentcolor") for kind in track.system_types],
    }
    return View("insights.html", context)


def insight_export(visit: PageRequest) -> View:
    """Downloads of one section, which is part of the page. Raises NotFound."""
    chosen = InsightsQuery.from_request(visit)
    name = _require_insight(chosen.track, visit.names["name"])
    found = build_insights(visit.snapshot, chosen.track, chosen.protocol)[name]
    return View("insights.html", table=found.table)


def redirect_to_section(request: Request) -> Response:
    """Redirect to a section of the page. Raises NotFound."""
    _require_insight(request.query_params.get("track") or FIRST_TRACK, request.path_params["name"])
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/insights{query}#{request.path_params['name']}")


@cached_per_snapshot
def build_insights(snapshot: Snapshot, track: str, protocol: str) -> dict[str, Insight]:
    """Build every section of a track's board by name, in page order."""
    systems, scale = system_figures(snapshot, track, protocol), scale_of(snapshot, protocol)
    return {spec.name: spec.build(systems, protocol, scale) for spec in board_named(track).insights}


def _require_insight(track: str, name: str) -> str:
    names = [spec.name for spec in board_named(track).insights]
    if name not in names:
        raise NotFound(f"No insight {name[:80]!r} on {track}; there are: {', '.join(names) or 'none'}.")
    return name


ROUTES = [
    page_route("/insights", insights_page),
    Route("/insights/{name:plain}", redirect_to_section),
    page_route("/insights/{name:stem}{ending:ending}", insight_export),
]
