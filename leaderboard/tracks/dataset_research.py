"""The DatasetResearch board (arXiv 2508.06960)."""

from __future__ import annotations

from leaderboard.tracks.board import BoardLayout, Column

BOARD = BoardLayout(
    track="dataset_research",
    lead="Given a demand in plain words, which system finds or makes the training data that teaches a model most?",
    columns=(
        Column(
            "rank_first",
            "Rank",
            "rank",
            "The places a system may hold. They are cut only where every system above is significantly better, over "
            "the tasks, than every one below; between two cuts all share them. "
            "Below: how many systems are significantly better, and how many worse, than this one, tested alone.",
        ),
        Column("system", "System", "text"),
        Column("team", "Team", "text"),
        Column("system_type", "Type", "type", "How the system comes by its data."),
        Column("overall", "Overall", "score", "Mean over all tasks of the subset; a missing task counts as no gain."),
        Column("knowledge", "Knowledge", "score", "Tasks that ask for breadth of facts."),
        Column("reasoning", "Reasoning", "score", "Tasks that ask for paths of inference."),
        Column("selected", "Selected", "score", "Mean over the chosen category's or language's tasks, computed here."),
        Column("median", "Median", "spread", "Median over the tasks of the headline figure.", usual=False),
        Column(
            "seed_sd",
            "Seed SD",
            "spread",
            "How far another training seed would move the headline figure; no part of its interval.",
        ),
        Column("tasks", "Tasks", "count", "How many tasks the headline figure is the mean of."),
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
            "The day (UTC) on which the result was published here, or reported by its team.",
            usual=False,
        ),
    ),
    dimensions=("introduction", "task", "question", "input", "output", "example"),
)
