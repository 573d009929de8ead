"""Boards, with the keys of submissions.tracks.TRACKS."""

from leaderboard.tracks import dataset_research
from leaderboard.tracks.board import Board
from submissions.tracks import get_track

BOARDS: dict[str, Board] = {"dataset_research": dataset_research.BOARD}


def board_named(track: str) -> Board:
    """Return the board of a track. Raises NotFound with the existing names."""
    return BOARDS[get_track(track).name]
