"""How each board looks. The keys are those of submissions.tracks.TRACKS."""

from leaderboard.tracks import dataset_research
from leaderboard.tracks.board import Board
from submissions.tracks import track_named

BOARDS = {"dataset_research": dataset_research.BOARD}


def board_named(track: str) -> Board:
    """The board of a track. Raises NotFound with the names that exist."""
    return BOARDS[track_named(track).name]
