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
"""Preview functions by track, with the cheap stages alone; the scorer reuses their stored work."""

AHEAD: dict[str, dict[Stage, Callable[[EvaluationJob, SubmissionData], None]]] = {
    "dataset_research": {
        "few_shot": dataset_research.precompute_few_shot,
        "fine_tune": dataset_research.precompute_fine_tune,
    }
}
"""Stages to precompute elsewhere and task by task, in order; the scorer reuses their stored work."""

__all__ = ["AHEAD", "PREVIEWS", "SCORERS", "EvaluationJob", "Scorer", "SubmissionData"]
