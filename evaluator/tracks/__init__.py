"""Scorers of the tracks."""

from collections.abc import Callable

from evaluator.tracks import dataset_research
from evaluator.tracks.scorer import EvaluationJob, SubmissionData
from submissions.records.result import Result
from submissions.records.status import Stage

SCORERS: dict[str, Callable[[EvaluationJob, SubmissionData], Result]] = {
    "dataset_research": dataset_research.evaluate_submission
}
PREVIEWS: dict[str, Callable[[EvaluationJob, SubmissionData], Result]] = {
    "dataset_research": dataset_research.preview_submission
}
"""The cheap stages alone; what they did is found again by the scorer."""

AHEAD: dict[str, dict[Stage, Callable[[EvaluationJob, SubmissionData], None]]] = {
    "dataset_research": {
        "few_shot": dataset_research.precompute_few_shot,
        "fine_tune": dataset_research.precompute_fine_tune,
    }
}
"""The stages whose work can be done task by task and elsewhere, in their order; the scorer finds it done."""

__all__ = ["AHEAD", "PREVIEWS", "SCORERS", "EvaluationJob", "Scorer", "SubmissionData"]
