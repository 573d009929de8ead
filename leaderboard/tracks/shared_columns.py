"""Columns that every board may have, around the scores of its own."""

from __future__ import annotations

from leaderboard.tracks.board import Column

_FIRST = (
    Column(
        "rank_first",
        "Rank",
        "rank",
        "The ranks that a system may have. Groups are separated only where every system above is significantly "
        "better, over the tasks, than every one below; all systems of a group share their ranks. "
        "Small print: number of systems that beat it significantly, and that it beats, tested alone.",
    ),
    Column("system", "System", "text"),
    Column("team", "Team", "text"),
    Column("system_type", "Type", "type", "How the system gets its data."),
)
_LAST = (
    Column("selected", "Selected", "score", "Mean over the chosen category's or language's tasks, computed here."),
    Column("median", "Median", "spread", "Median over the tasks of the headline figure.", usual=False),
    Column(
        "seed_sd",
        "Seed SD",
        "spread",
        "Standard deviation of the headline figure between training seeds; not included in its interval.",
    ),
    Column("tasks", "Tasks", "count", "Number of tasks that the headline figure averages."),
    Column(
        "badge",
        "Badge",
        "badge",
        "evaluated: trained and scored here. published: reported by a paper. self-reported: by its own team.",
    ),
    Column(
        "published_on",
        "Date",
        "date",
        "Day (UTC) on which the result was published here, or reported by its team.",
        usual=False,
    ),
)


def frame_columns(*scores: Column) -> tuple[Column, ...]:
    """Return a board's columns: those of every board around its own scores; empty ones are not shown."""
    return (*_FIRST, *scores, *_LAST)
