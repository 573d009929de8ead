"""Scorers of the tracks."""

from typing import Any

from evaluator.tracks import dataset_research
from evaluator.tracks.scorer import TrackScorer
from submissions.errors import NotFound

SCORERS: dict[str, TrackScorer[Any, Any]] = {"dataset_research": dataset_research.SCORER}
"""Scorer of each track, by its name."""


def get_scorer(track: str) -> TrackScorer[Any, Any]:
    """Return the scorer of a track. Raises NotFound with the names that exist."""
    try:
        return SCORERS[track]
    except KeyError:
        raise NotFound(f"No scorer for the track {track[:80]!r}; there are: {', '.join(SCORERS)}.") from None
