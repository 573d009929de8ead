"""Jinja templates of the pages, and their functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from leaderboard.data.systems import slug_of
from leaderboard.data.tables.table_frames import as_dict
from leaderboard.templates.problem_groups import group_problems
from submissions.records.result import FEW_TASKS
from submissions.tracks import TRACKS

REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Control characters that make abc\\u202egpj.exe look like abcexe.jpg; right-to-left scripts need none of them."""


def make_environment(build: str) -> Environment:
    """Create the Jinja environment, with autoescaping for all names and errors for undefined ones."""
    found = Environment(
        loader=PackageLoader("leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=strip_bidi,
    )
    found.filters |= {
        "words": humanize,
        "moment": format_time,
        "segment": quote_segment,
        "sized": format_bytes,
        "figure": format_figure,
        "grouped": group_problems,
        "lasted": format_elapsed,
        "zip": zip,
        "fields": as_dict,
    }
    found.globals |= {
        "few_tasks": FEW_TASKS,
        "build": build,
        "card_of": card_of,
        "site_pages": site_pages(),
        "interval_bar": interval_bar,
        "slug_of": slug_of,
    }
    return found


def site_pages() -> list[tuple[str, str]]:
    """Links in every page's header: boards are named by title if there are several."""
    boards = [(f"/board/{track.name}", track.title if len(TRACKS) > 1 else "Board") for track in TRACKS.values()]
    others = ("tasks", "insights", "cases", "submissions", "submit", "docs")
    return boards + [(f"/{name}", name.capitalize()) for name in others]


def card_of(path: str) -> str:
    """URL of a page's preview image: its own if it has one (pages/social_cards/routes.py), else the site's."""
    one, many = r"(board|cases|docs|submissions|systems|tasks)/[^/]+", "cases|insights|submissions|tasks"
    return f"/og{path}.png" if re.fullmatch(f"/({one}|{many})", path) else "/og/index.png"


def strip_bidi(value: object) -> object:
    """Replace bidirectional control characters by a replacement mark."""
    return REORDERING.sub("\ufffd", value) if type(value) is str else value


def humanize(name: str) -> str:
    """Format a stored name for people: a method by its track's label, `deep_research` as deep research."""
    for track in TRACKS.values():
        if method := track.find_method(name):
            return method.label
    return name.replace("_", " ")


def format_time(time: datetime | str) -> str:
    """Format a time in UTC, to the minute."""
    return f"{(datetime.fromisoformat(time) if isinstance(time, str) else time).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def format_elapsed(seconds: float) -> str:
    """Format a duration in its two largest units."""
    whole = round(max(seconds, 0.0))
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def quote_segment(name: str) -> str:
    """Quote a name as one segment of a URL's path."""
    return quote(name, safe="")


def format_bytes(size: int) -> str:
    """Format a number of bytes."""
    for unit, factor in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}".replace(".0 ", " ")
    return f"{size} bytes"


def format_figure(value: float, decimals: int) -> str:
    """Format a number with fixed decimals and a true minus sign for alignment; no sign for zero."""
    return f"{value:z.{decimals}f}".replace("-", "−")


def interval_bar(row: Mapping[str, Any], group: str, span: tuple[float, float]) -> str | None:
    """CSS properties of a cell's bar (a to b), interval (l to h) and zero (z); None without a value.

    The style sheet alone draws a cell's bar: one more element in each of 15,000 cells would double a page's time.
    """
    if row[group] is None:
        return None
    low, high = span

    def at(value: float) -> float:
        return 100 * (min(max(value, low), high) - low) / (high - low)

    ends = {"a": min(at(0), at(row[group])), "b": max(at(0), at(row[group])), "z": at(0)}
    if row[f"{group}_low"] is not None:
        ends |= {"l": at(row[f"{group}_low"]), "h": at(row[f"{group}_high"])}
    return ";".join(f"--{name}:{end:.4g}%" for name, end in ends.items())
