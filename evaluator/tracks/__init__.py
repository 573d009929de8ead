"""How each track's submissions are scored."""

from collections.abc import Callable

from evaluator.tracks import dataset_research
from evaluator.tracks.scorer import Entry, Evaluation
from submissions.records.models import Result, Stage

SCORERS: dict[str, Callable[[Evaluation, Entry], Result]] = {"dataset_research": dataset_research.evaluate}
PREVIEWS: dict[str, Callable[[Evaluation, Entry], Result]] = {"dataset_research": dataset_research.preview}
"""The cheap stages alone; what they did is found again by the scorer."""

AHEAD: dict[str, dict[Stage, Callable[[Evaluation, Entry], None]]] = {
    "dataset_research": {
        "few_shot": dataset_research.few_shot_ahead,
        "fine_tune": dataset_research.fine_tune_ahead,
    }
}
"""The stages whose work can be done task by task and elsewhere, in their order; the scorer finds it done."""

__all__ = ["AHEAD", "PREVIEWS", "SCORERS", "Entry", "Evaluation"]
