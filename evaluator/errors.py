"""Errors that stop an evaluation and are not the submission's fault (all exit with 2 and are retried).

EvaluatorError (submissions/errors.py)
├── BudgetSpent       the next call of a model could cost more than its remaining budget
├── ModelCallFailed   a model on a server could not be called: address, key, model name, server
│   ├── ChatFailed      the chat model, or the store of all answers
│   └── EmbeddingFailed the embedding model
├── ChildFailed       the trainer or the engine died or sent an invalid message; shows the end of its log
│   ├── DiskFull      the child had no room to write a file
│   ├── Hung          the child was silent for longer than the profile allows
│   ├── OutOfMemory   the child had too little memory, of an accelerator or of the machine
│   └── WrongWeights  the engine's answers to the canary are not those of the trained model
├── RetrieverError    a search failed: the index, the corpus, or the server of a retriever
│   ├── InvalidCorpus    a corpus has a line that is no passage; names file and line
│   ├── IndexMismatch    an index was made from another corpus, by another engine or analyzer, or is damaged
│   └── InvalidRetrieverAnswer  a server answered something else than passages, or fewer answers than queries
├── NoWorkerAvailable no machine has room for a worker, or every worker is quarantined: required and available resources
├── WorkerLost        a unit of work whose worker was lost each time: the unit may be the cause
├── AnchorsMissing    anchors are missing, or were measured under another protocol or setup
├── UnscorableAnswers answers that cannot be scored: not one text per test row
├── TrainingDiverged  the loss became NaN or infinite
└── ProtocolMismatch  stored answers cannot be scored by a protocol that requires others

TheirError
└── SubmissionWithdrawn the submitter withdrew the submission under evaluation; nothing failed, nothing is retried
"""

from collections.abc import Mapping

from submissions.errors import AccessDenied, EvaluatorError, RateLimited, TheirError, Unreachable

HUB_ERRORS = (RateLimited, AccessDenied, Unreachable)
"""Errors of the Hub or its token, which say nothing about a submission."""


class BudgetSpent(EvaluatorError):
    """Call not made because it could exceed the budget; earlier answers stay stored."""


class ModelCallFailed(EvaluatorError):
    """Model on a server that gave no answer at all."""

    def __init__(self, summary: str, detail: str = "", retries: int = 0) -> None:
        super().__init__(summary, detail)
        self.retries = retries
        """Tries that were sent before the last one."""


class ChatFailed(ModelCallFailed):
    """Chat model that gave no answer at all. An unreadable answer is no error: it is unscored."""


class EmbeddingFailed(ModelCallFailed):
    """Embedding model that gave no vectors at all. A text without a usable vector is no error: it is unscored."""


class ChildFailed(EvaluatorError):
    """Child process that could not do its work."""

    def __init__(self, summary: str, detail: str = "", log_tail: str = "") -> None:
        super().__init__(summary, detail)
        self.log_tail = log_tail
        """Of its log what anybody may see (evaluator/runtime/log_tail.py)."""


class DiskFull(ChildFailed):
    """Child process that could not write: the disk, or the RAM disk, is full."""


class Hung(ChildFailed):
    """Child process that was silent for too long: a collective waiting for a lost rank, or a hung device."""


class OutOfMemory(ChildFailed):
    """Child process that needed more memory than available."""


class WrongWeights(ChildFailed):
    """Engine that answers with other weights than those loaded; its answers are not used."""


FAILURES: Mapping[str, type[ChildFailed]] = {
    "disk_full": DiskFull,
    "out_of_memory": OutOfMemory,
    "wrong_weights": WrongWeights,
}
"""Failure kinds that a child may report: `{"failed": <one of these>, "said": <a sentence>}`."""


class RetrieverError(EvaluatorError):
    """Search that failed through no fault of the question or the model that asked it."""


class InvalidCorpus(RetrieverError):
    """Corpus that cannot be read; the summary names file and line."""


class IndexMismatch(RetrieverError):
    """Index that does not fit the corpus or settings for which it was opened."""


class InvalidRetrieverAnswer(RetrieverError):
    """Answer of a server that is not one list of passages for each query."""


class NoWorkerAvailable(EvaluatorError):
    """Work that no worker can do: too few devices, or a setup that differs from that of the other scores."""


class WorkerLost(EvaluatorError):
    """Unit of work whose workers, or their nodes, died several times."""


class AnchorsMissing(EvaluatorError):
    """Score without base and reference scores to normalize it."""


class UnscorableAnswers(EvaluatorError):
    """Answers in a form that the metrics do not accept; a fault of the caller, not of the model."""


class TrainingDiverged(EvaluatorError):
    """Training whose loss is NaN or infinite."""


class ProtocolMismatch(EvaluatorError):
    """Stored answers that a protocol would not have requested."""


class SubmissionWithdrawn(TheirError):
    """Evaluation stopped between two tasks because the submitter withdrew the submission."""
