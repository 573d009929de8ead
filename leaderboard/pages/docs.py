"""Pages of the documents, and their list."""

from __future__ import annotations

from leaderboard.templates.markdown_docs import load_doc, load_docs
from leaderboard.web.site import PageRequest, View, page_route


def docs_page(_: PageRequest) -> View:
    """Render the list of documents, each with its first words."""
    return View("docs.html", {"docs": load_docs().values()})


def doc_page(visit: PageRequest) -> View:
    """Render one document. Raises NotFound."""
    doc = load_doc(visit.names["name"])
    return View("doc.html", {"doc": doc, "body": doc.seen_from(visit.origin), "docs": load_docs().values()})


ROUTES = [page_route("/docs", docs_page), page_route("/docs/{name}", doc_page)]
