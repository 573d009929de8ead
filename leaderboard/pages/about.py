"""How scoring works, in plain words."""

from __future__ import annotations

from leaderboard.data.scales import PROTOCOL_NOTES
from leaderboard.web.site import PageRequest, View, page_route


def about_page(visit: PageRequest) -> View:
    """The page; it explains the protocols that this site names."""
    return View("about.html", {"protocols": PROTOCOL_NOTES, "default_protocol": visit.site.settings.protocol})


ROUTES = [page_route("/about", about_page)]
