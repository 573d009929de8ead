"""What can stop an evaluation that is not the submission's fault (all exit with 2 and are retried).

EvaluatorError (submissions/errors.py)
├── ChildFailed       the trainer or the engine died, hung or answered nonsense; shows the end of its log
├── Unmeasured        anchors are missing, or were measured under another protocol or setup
├── Unscorable        answers that cannot be scored: not one text per test row
└── TrainingDiverged  the loss stopped being a number
"""

from submissions.errors import EvaluatorError


class ChildFailed(EvaluatorError):
    """A child process that could not do its work."""


class Unmeasured(EvaluatorError):
    """A score that has no scale to stand on."""


class Unscorable(EvaluatorError):
    """Answers that are not what the metrics take; a fault of what asked the model, not of the model."""


class TrainingDiverged(EvaluatorError):
    """A training whose loss is NaN or infinite."""
