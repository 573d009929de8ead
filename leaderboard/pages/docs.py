"""The documents, and a list of them."""

from __future__ import annotations

from leaderboard.templates.markdown_docs import doc_named, docs
from leaderboard.web.site import PageRequest, View, page_route


def show(_: PageRequest) -> View:
    """All documents, each with its first words."""
    return View("docs.html", {"docs": docs().values()})


def show_one(visit: PageRequest) -> View:
    """One document. Raises NotFound."""
    doc = doc_named(visit.names["name"])
    return View("doc.html", {"doc": doc, "body": doc.seen_from(visit.origin), "docs": docs().values()})


ROUTES = [page_route("/docs", show), page_route("/docs/{name}", show_one)]
