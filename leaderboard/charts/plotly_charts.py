"""Plotly figures: built here, drawn in the browser, always beside a table with the same numbers."""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from leaderboard.templates import strip_bidi

# Okabe and Ito's colours, without the two that vanish on a white or a black page.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MAX_LABEL_LENGTH = 32
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")


def build_radar_chart(rows: Sequence[Mapping[str, Any]], dimensions: Sequence[str], top: float) -> dict[str, Any]:
    """Build a radar chart with one closed line per row, from 0 to `top` on each dimension."""
    # Plotly takes a third of a second to import, which pages without a chart need not wait for.
    from plotly import graph_objects as go

    figure = go.Figure()
    spokes = [dimension.capitalize() for dimension in dimensions]
    for place, (row, colour) in enumerate(zip(rows, assign_colours([row["system"] for row in rows]), strict=True)):
        values = [row[dimension] for dimension in dimensions]
        figure.add_scatterpolar(
            r=[*values, values[0]],
            theta=[*spokes, spokes[0]],
            # Plotly reads some HTML in names; a name is text.
            name=html.escape(_shorten_name(str(strip_bidi(row["system"])))),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": DASHES[place % len(DASHES)]},
            marker={"size": 7, "symbol": SYMBOLS[place % len(SYMBOLS)]},
            hovertemplate="%{theta}: %{r:.2f}",
        )
    figure.update_layout(
        template="none",
        polar={
            "radialaxis": {"range": [0, top], "tickvals": list(range(0, int(top) + 1, 2)), "angle": 90, "tickangle": 90}
        },
        legend={"orientation": "h", "y": -0.12, "x": 0.5, "xanchor": "center"},
        margin={"l": 92, "r": 92, "t": 30, "b": 30},
        height=440,
    )
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain


def _shorten_name(name: str) -> str:
    """Shorten a name to fit a phone's legend."""
    return name if len(name) <= MAX_LABEL_LENGTH else f"{name[: MAX_LABEL_LENGTH - 1]}…"


def assign_colours(systems: Sequence[str]) -> list[str]:
    """Assign each system a colour by the hash of its name, or the next free one."""
    found: list[str] = []
    used: Counter[str] = Counter()
    for system in systems:
        first = hashlib.sha256(system.encode()).digest()[0]
        order = [PALETTE[(first + step) % len(PALETTE)] for step in range(len(PALETTE))]
        found.append(min(order, key=used.__getitem__))
        used[found[-1]] += 1
    return found
