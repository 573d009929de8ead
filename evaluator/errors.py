"""What can stop an evaluation that is not the submission's fault (all exit with 2 and are retried).

EvaluatorError (submissions/errors.py)
├── BudgetSpent       the next call of a chat model could cost more than its budget still holds
├── ChatFailed        a chat model could not be asked: address, key, model name, server, or the store of its answers
├── ChildFailed       the trainer or the engine died or answered nonsense; shows the end of its log
│   ├── DiskFull      it had no room to write a file
│   ├── Hung          it was silent for longer than the profile allows
│   ├── OutOfMemory   it had too little memory, of an accelerator or of the machine
│   └── WrongWeights  the engine's answers to the canary are not those of the trained model
├── NoStation         no machine has room for a station, or none may do the work: what is wanted, and what there is
├── StationLost       a unit of work whose station was lost each time: it may be what ends machines
├── Unmeasured        anchors are missing, or were measured under another protocol or setup
├── Unscorable        answers that cannot be scored: not one text per test row
├── TrainingDiverged  the loss stopped being a number
└── OtherRules        stored answers cannot be scored by a protocol that asks for others

TheirError
└── CalledOff         the submitter withdrew what was being evaluated; nothing failed, and nothing is retried
"""

from collections.abc import Mapping

from submissions.errors import AccessDenied, EvaluatorError, RateLimited, TheirError, Unreachable

HUB_ERRORS = (RateLimited, AccessDenied, Unreachable)
"""Errors of no submission: the Hub must be waited for, or its token corrected."""


class BudgetSpent(EvaluatorError):
    """A call that was not made, for it could have cost too much; what was answered before is kept."""


class ChatFailed(EvaluatorError):
    """A chat model that gave no answer at all. An answer that cannot be read is no error: it is unscored."""

    def __init__(self, summary: str, detail: str = "", retries: int = 0) -> None:
        super().__init__(summary, detail)
        self.retries = retries
        """Tries that were sent before the last one."""


class ChildFailed(EvaluatorError):
    """A child process that could not do its work."""

    def __init__(self, summary: str, detail: str = "", log_tail: str = "") -> None:
        super().__init__(summary, detail)
        self.log_tail = log_tail
        """Of its log what anybody may see (evaluator/runtime/log_tail.py)."""


class DiskFull(ChildFailed):
    """A child that could not write: the disk, or the RAM disk, is full."""


class Hung(ChildFailed):
    """A child that was silent for too long: a collective that waits for a lost rank, or a device that hangs."""


class OutOfMemory(ChildFailed):
    """A child that asked for more memory than there is."""


class WrongWeights(ChildFailed):
    """An engine that answers with other weights than those it was given; its answers are not used."""


FAILURES: Mapping[str, type[ChildFailed]] = {
    "disk_full": DiskFull,
    "out_of_memory": OutOfMemory,
    "wrong_weights": WrongWeights,
}
"""What a child may say of its own end: `{"failed": <one of these>, "said": <a sentence>}`."""


class NoWorkerAvailable(EvaluatorError):
    """Work that nobody can do: too few devices, or a setup that differs from the one of all other numbers."""


class WorkerLost(EvaluatorError):
    """A unit of work that was at work on several stations when they, or their nodes, died."""


class AnchorsMissing(EvaluatorError):
    """A score that has no scale to stand on."""


class UnscorableAnswers(EvaluatorError):
    """Answers that are not what the metrics take; a fault of what asked the model, not of the model."""


class TrainingDiverged(EvaluatorError):
    """A training whose loss is NaN or infinite."""


class ProtocolMismatch(EvaluatorError):
    """Stored answers that a protocol would not have asked for."""


class SubmissionWithdrawn(TheirError):
    """An evaluation that was stopped between two tasks, for its submitter withdrew the submission."""
