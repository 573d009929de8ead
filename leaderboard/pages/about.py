"""How scoring works, in plain words."""

from __future__ import annotations

from leaderboard.data.scales import WORDS
from leaderboard.web.site import View, Visit, page


def show(visit: Visit) -> View:
    """The page; it explains the protocols that this site names."""
    return View("about.html", {"protocols": WORDS, "default_protocol": visit.site.settings.protocol})


ROUTES = [page("/about", show)]
