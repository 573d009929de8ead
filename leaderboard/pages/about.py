"""Page that explains the scoring in plain words."""

from __future__ import annotations

from leaderboard.web.site import PageRequest, View, page_route
from submissions.tracks import TRACKS


def about_page(visit: PageRequest) -> View:
    """Render the page with explanations of the site's protocols."""
    notes = {facts.name: facts.note for track in TRACKS.values() for facts in track.protocols}
    notes |= {facts.name: facts.note for facts in visit.snapshot.protocols.values()}
    context = {
        "protocols": {name: note for name, note in notes.items() if note},
        "default_protocols": {visit.site.settings.protocol_of(track) for track in TRACKS},
    }
    return View("about.html", context)


ROUTES = [page_route("/about", about_page)]
