"""How each track's submissions are scored."""

from collections.abc import Callable

from evaluator.tracks import dataset_research
from evaluator.tracks.evaluation import Entry, Evaluation
from submissions.models import Result

SCORERS: dict[str, Callable[[Evaluation, Entry], Result]] = {"dataset_research": dataset_research.evaluate}
PREVIEWS: dict[str, Callable[[Evaluation, Entry], Result]] = {"dataset_research": dataset_research.preview}
"""The cheap stages alone; what they did is found again by the scorer."""

__all__ = ["PREVIEWS", "SCORERS", "Entry", "Evaluation"]
