"""Renders the repository's Markdown documents as safe HTML with anchors and a table of contents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from submissions.errors import NotFound
from submissions.shipped_folders import find_shipped_folder

FOLDER = find_shipped_folder("leaderboard", "docs")
NAMES = (
    "visitor",
    "faq",
    "submitter",
    "scoring",
    "api",
    "organiser",
    "organiser-hub",
    "organiser-service",
    "organiser-cluster",
    "organiser-judge",
    "organiser-screen",
    "organiser-retriever",
    "organiser-cost",
    "organiser-reference",
    "upgrading",
    "first-run",
)
"""Documents of the site, in this order. The contributors' page is for readers of the source code."""
ADDRESS = re.compile(r"/(|about|cases|compare|docs|insights|openapi\.json|submissions|submit|tasks)(#\w+)?")
"""Pages that a document may link to whatever the arena's content."""
EXAMPLE = "http://127.0.0.1:7860"
"""URL in the documents' examples; a page replaces it with its own."""


@dataclass(frozen=True)
class Doc:
    """One document."""

    name: str
    title: str
    lead: str
    """First paragraph, as plain text."""
    body: Markup
    """Everything below the title."""
    contents: tuple[tuple[str, str], ...]
    """Anchor and title of each section."""

    def seen_from(self, origin: str) -> Markup:
        """Body with the site's own URL in its examples."""
        return Markup(str(self.body).replace(EXAMPLE, str(escape(origin))))  # noqa: S704 - rendered with HTML off


def load_docs() -> dict[str, Doc]:
    """Load all documents of the site by name, in order."""
    return {name: load_doc(name) for name in NAMES}


@lru_cache
def load_doc(name: str) -> Doc:
    """Load a document. Raises NotFound."""
    if name not in NAMES:
        raise NotFound(f"No document {name[:80]!r}; there are: {', '.join(NAMES)}.")
    tokens = _markdown_parser().parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    headings = [(mark.tag, plain_text(inline)) for mark, inline in pairwise(tokens) if mark.type == "heading_open"]
    lead = next(plain_text(inline) for mark, inline in pairwise(tokens) if mark.type == "paragraph_open")
    # The title is the page's own: heading_open, inline, heading_close.
    body = _markdown_parser().renderer.render(_add_anchors(tokens[3:]), _markdown_parser().options, {})
    sections = tuple((heading_anchor(title), title) for tag, title in headings if tag == "h2")
    return Doc(name, headings[0][1], lead, Markup(body), sections)  # noqa: S704 - rendered with HTML off


def plain_text(inline: Token) -> str:
    """Extract an inline token's text without its markup."""
    return "".join(" " if child.type == "softbreak" else child.content for child in inline.children or ())


def heading_anchor(title: str) -> str:
    """Build a heading's anchor, equal to the one in the repository's rendered documents."""
    return re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")


@lru_cache
def _markdown_parser() -> MarkdownIt:
    """Parser for CommonMark with tables; raw HTML becomes text, and images are disabled."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _add_anchors(tokens: Sequence[Token]) -> list[Token]:
    """Add anchors, links within the site, and keyboard-scrollable boxes around tables and code."""
    dressed: list[Token] = []
    section, number = "", 0
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            section, number = plain_text(tokens[position + 1]), 0
            token.attrSet("id", heading_anchor(section))
        number += token.type in ("table_open", "fence")
        label = f"{section}, {'table' if token.type == 'table_open' else 'example'} {number}"
        if token.type in ("table_open", "fence"):
            dressed.append(_html_token(f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">'))
        if token.children:
            token.children = [part for child in _rewrite_links(token.children) for part in _link_address(child)]
        dressed.append(token)
        if token.type in ("table_close", "fence"):
            dressed.append(_html_token("</div>"))
    return dressed


def _html_token(text: str) -> Token:
    return Token("html_block", "", 0, content=f"{text}\n")


def _link_address(token: Token) -> list[Token]:
    """Turn a site address in code type, such as `/about`, into a link."""
    if token.type != "code_inline" or not ADDRESS.fullmatch(token.content):
        return [token]
    return [Token("link_open", "a", 1, attrs={"href": token.content}), token, Token("link_close", "a", -1)]


def _rewrite_links(children: list[Token]) -> list[Token]:
    """Point an inline line's links to other documents at their pages."""
    for link, text in pairwise(children):
        if link.type == "link_open":
            _rewrite_link(link, text)
    return children


def _rewrite_link(link: Token, text: Token) -> None:
    """Point a link at the site's page of a document; remove a link to a file that the site does not show."""
    target, _, part = str(link.attrGet("href")).partition("#")
    name = target.removesuffix(".md")
    if name in NAMES:
        link.attrSet("href", f"/docs/{name}{'#' if part else ''}{part}")
        text.content = text.content.removesuffix(".md")
    elif target and not target.startswith(("https://", "http://", "/")):
        del link.attrs["href"]
