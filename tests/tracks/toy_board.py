"""Toy board: the mean sum, in one column."""

from __future__ import annotations

from leaderboard.tracks.board import Board, Column
from leaderboard.tracks.shared_columns import frame_columns

BOARD = Board(
    track="toy",
    lead="Which system delivers the largest integers?",
    columns=frame_columns(Column("overall", "Sum", "score", "Mean sum over the tasks.")),
)
