"""Renders organisers' Markdown as HTML with only text, tables and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_LINK = re.compile(r"https?://[^/]|/(?!/)|#")
BELOW = 2
"""Levels by which headings are demoted, since the page has its own headings."""


class UnsafeMarkdown(ValueError):
    """Disallowed content in a case. The message names the location and the fix."""


def render_markdown(text: str, first_line: int = 1) -> Markup:
    """Render Markdown: raw HTML becomes text, links go to http(s) or this site. Raises UnsafeMarkdown."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for line, token in _walk_tokens(tokens, first_line):
        if token.type == "image":
            raise UnsafeMarkdown(f"line {line}: images are not supported: describe {token.content[:80]!r} in words.")
        if token.type == "link_open" and not _LINK.match(href := str(token.attrs["href"])):
            raise UnsafeMarkdown(
                f"line {line}: a link to {href[:80]!r}: write https://…, or /… for a page of this site."
            )
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + BELOW)}"
        if token.type in ("th_open", "td_open") and "right" in str(token.attrs.pop("style", "")):
            token.attrs["class"] = "right"  # the site's pages carry no styles of their own
        if token.type in ("paragraph_open", "heading_open", "blockquote_open", "list_item_open"):
            token.attrs["dir"] = "auto"
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704  the renderer escapes all text


def _walk_tokens(tokens: Sequence[Token], first_line: int) -> Iterator[tuple[int, Token]]:
    line = first_line
    for token in tokens:
        line = first_line + token.map[0] if token.map else line
        yield line, token
        for child in token.children or ():
            yield line, child
