"""The DatasetResearch board (arXiv 2508.06960)."""

from __future__ import annotations

from leaderboard.tracks.board import Board, Column, FrontWords, TaskColumn
from leaderboard.tracks.dataset_research.cases import DETECTORS
from leaderboard.tracks.dataset_research.insights import INSIGHTS
from leaderboard.tracks.dataset_research.judge_scores import AVERAGED
from leaderboard.tracks.dataset_research.kind_columns import DatasetResearchRow
from leaderboard.tracks.dataset_research.metadata_section import SECTION
from leaderboard.tracks.shared_columns import frame_columns

BOARD = Board(
    track="dataset_research",
    lead="Given a demand in plain words, which system finds or makes the training data that teaches a model most?",
    front=FrontWords(
        title="Which training data teaches most?",
        description="A system is given a demand for a data set in plain words and submits one; a fixed model is "
        "trained on it and tested on rows the system never saw.",
        question="Which system finds or makes the training data that teaches a model most?",
        about="A system is given a demand for a data set in plain words and submits one. The arena trains a fixed "
        "model on it and tests that model on rows the system never saw. The system's score is the gain from its data, "
        "relative to the base model (0) and the same model trained on the real data (1).",
        delivery=("one file per demand", "with an input and an output in each row"),
    ),
    row=DatasetResearchRow,
    columns=frame_columns(
        Column("overall", "Overall", "score", "Mean over all tasks of the subset; a missing task counts as no gain."),
        Column("knowledge", "Knowledge", "score", "Tasks that test broad factual knowledge."),
        Column("reasoning", "Reasoning", "score", "Tasks that test multi-step inference."),
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
