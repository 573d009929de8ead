"""The DatasetResearch board (arXiv 2508.06960)."""

from __future__ import annotations

from leaderboard.tracks.board import Board, Column, TaskColumn
from leaderboard.tracks.dataset_research.cases import DETECTORS
from leaderboard.tracks.dataset_research.insights import INSIGHTS
from leaderboard.tracks.dataset_research.judge_scores import AVERAGED
from leaderboard.tracks.dataset_research.kind_columns import DatasetResearchRow
from leaderboard.tracks.dataset_research.metadata_section import SECTION

BOARD = Board(
    track="dataset_research",
    lead="Given a demand in plain words, which system finds or makes the training data that teaches a model most?",
    row=DatasetResearchRow,
    columns=(
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
        Column("overall", "Overall", "score", "Mean over all tasks of the subset; a missing task counts as no gain."),
        Column("knowledge", "Knowledge", "score", "Tasks that test broad factual knowledge."),
        Column("reasoning", "Reasoning", "score", "Tasks that test multi-step inference."),
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
    ),
    sections=(SECTION,),
    dimensions=AVERAGED,
    insights=INSIGHTS,
    cases=DETECTORS,
    task_columns=(
        TaskColumn("base", "Base"),
        TaskColumn("reference", "Reference"),
        TaskColumn("rows", "Rows"),
        TaskColumn("removed", "Removed"),
    ),
    end_names=("base model", "real data"),
)
