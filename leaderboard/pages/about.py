"""Page that explains the scoring in plain words."""

from __future__ import annotations

from leaderboard.data.scales import PROTOCOL_NOTES
from leaderboard.web.site import PageRequest, View, page_route


def about_page(visit: PageRequest) -> View:
    """Render the page with explanations of the site's protocols."""
    return View("about.html", {"protocols": PROTOCOL_NOTES, "default_protocol": visit.site.settings.protocol})


ROUTES = [page_route("/about", about_page)]
