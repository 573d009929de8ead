"""Page of insights: relations between the boards' figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from leaderboard.board.rows import protocols_of
from leaderboard.charts.svg_charts import TYPE_SHAPES
from leaderboard.data.published import load_published
from leaderboard.data.scales import note_of, protocols_in_use, scale_of
from leaderboard.pages.insights import NAMES, build_insights
from leaderboard.pages.insights.base import MIN_SYSTEMS
from leaderboard.templates import humanize
from leaderboard.web.site import PageRequest, View, page_route
from submissions.errors import NotFound
from submissions.tracks import TRACKS, get_track


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
        track = get_track(visit.query.get("track") or next(iter(TRACKS))).name
        default = visit.site.settings.protocol_of(track)
        protocols = protocols_in_use(visit.snapshot, default, protocols_of(visit.snapshot, track))
        protocol = visit.query.get("protocol") or default
        if protocol not in protocols:
            raise NotFound(f"No protocol {protocol[:80]!r}; there are: {', '.join(protocols)}.")
        return cls(track, protocol, default, protocols)

    def query(self, track: str = "", protocol: str = "") -> str:
        """Query string of this choice, or with another track or protocol; empty for the default."""
        chosen = {"track": track or self.track, "protocol": protocol or self.protocol}
        default = {"track": next(iter(TRACKS)), "protocol": self.default}
        differs = {name: value for name, value in chosen.items() if value != default[name]}
        return f"?{urlencode(differs)}" if differs else ""


def insights_page(visit: PageRequest) -> View:
    """Render all sections under the chosen protocol. Raises NotFound."""
    chosen = InsightsQuery.from_request(visit)
    context = {
        "chosen": chosen,
        "tracks": TRACKS,
        "insights": list(build_insights(visit.snapshot, chosen.track, chosen.protocol).values()),
        "scale": scale_of(visit.snapshot, chosen.protocol),
        "source": load_published(chosen.track),
        "meaning": note_of(visit.snapshot, chosen.protocol),
        "fewest": MIN_SYSTEMS,
        "shapes": [(humanize(name), shape, "currentcolor") for name, shape in TYPE_SHAPES.items()],
    }
    return View("insights.html", context)


def insight_export(visit: PageRequest) -> View:
    """Downloads of one section, which is part of the page. Raises NotFound."""
    chosen = InsightsQuery.from_request(visit)
    found = build_insights(visit.snapshot, chosen.track, chosen.protocol)[_require_insight(visit.names["name"])]
    return View("insights.html", table=found.table)


def redirect_to_section(request: Request) -> Response:
    """Redirect to a section of the page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/insights{query}#{request.url.path.rpartition('/')[2]}")


def _require_insight(name: str) -> str:
    if name not in NAMES:
        raise NotFound(f"No insight {name[:80]!r}; there are: {', '.join(NAMES)}.")
    return name


ROUTES = [
    page_route("/insights", insights_page),
    *(Route(f"/insights/{name}", redirect_to_section) for name in NAMES),
    page_route("/insights/{name:stem}{ending:ending}", insight_export),
]
