"""Permanent URL of a board view, and its BibTeX entry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from leaderboard.board.query import BoardQuery
from leaderboard.board.row import BoardRow

# No \\{ and \\}: BibTeX counts braces without looking at what stands before them.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "#$%&_"},
}  # fmt: skip
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


@dataclass(frozen=True)
class Citation:
    """Citation of a board view."""

    address: str
    """Absolute URL; names the protocol and the day, so that later results or defaults do not change the view."""
    bibtex: str


def make_citation(
    board: str, what: str, choice: BoardQuery, rows: Sequence[BoardRow], hashes: Sequence[str]
) -> Citation:
    """Create the citation of a view.

    `board` is the board's absolute URL, `what` describes the view, `rows` are all of the board before its filters
    (the newest result dates the view), and `hashes` are the protocol's SHA-256 hashes, from its results.
    """
    newest = max((row.published_on for row in rows if row.published_on), default="")
    address = board + choice.query("", asof=newest)
    note = f"Protocol {choice.protocol}" + (f", SHA-256 {', '.join(hashes)}" if hashes else "")
    note += f". Results published up to {newest} (UTC)." if newest else ". Figures reported by their publication."
    entry = {
        "title": f"{{{{DatasetResearch Arena}}: {escape_bibtex(what)}}}",
        "author": "{{DatasetResearch Arena}}",
        **_date_fields(newest),
        "url": f"{{{_encode_url(address)}}}",
        "note": f"{{{escape_bibtex(note)}}}",
    }
    path = address.partition("://")[2].partition("/")[2]
    key = f"datasetresearch-arena-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
    lines = ",\n".join(f"  {name} = {value}" for name, value in entry.items())
    return Citation(address, f"@misc{{{key},\n{lines}\n}}")


def escape_bibtex(text: str) -> str:
    """Escape untrusted text so that BibTeX and LaTeX print it literally, on one line."""
    return "".join(_SPECIAL.get(sign, sign) for sign in re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", text))


def _encode_url(address: str) -> str:
    """Encode a URL without characters that would end a BibTeX field early."""
    return re.sub(r"[^!-~]|[{}\\\"]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)


def _date_fields(day: str) -> Mapping[str, str]:
    if not day:
        return {}
    at = date.fromisoformat(day)
    return {"year": str(at.year), "month": _MONTHS[at.month - 1]}
