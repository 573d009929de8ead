"""The documents, and a list of them."""

from __future__ import annotations

from leaderboard.templates.markdown_docs import doc_named, docs
from leaderboard.web.site import View, Visit, page


def show(_: Visit) -> View:
    """All documents, each with its first words."""
    return View("docs.html", {"docs": docs().values()})


def show_one(visit: Visit) -> View:
    """One document. Raises NotFound."""
    doc = doc_named(visit.names["name"])
    return View("doc.html", {"doc": doc, "body": doc.seen_from(visit.origin), "docs": docs().values()})


ROUTES = [page("/docs", show), page("/docs/{name}", show_one)]
