"""Split of a reference into the anchors' training rows and the test rows of every model."""

from __future__ import annotations

from collections.abc import Callable

from evaluator.config.protocol import Protocol
from submissions.arena.benchmark import Benchmark
from submissions.records.task import Reference


def load_reference(protocol: Protocol, benchmark: Benchmark, task: str) -> Reference:
    """Load a task's hidden rows, split by the protocol, with only the used train rows.

    Raises NotFound, CorruptRecord.
    """
    reference = SPLITS[protocol.split](benchmark, task)
    train = reference.train[: protocol.sft.max_rows]
    return reference.model_copy(update={"train": train, "test": reference.test[: protocol.test_items]})


def _load_same_rows(benchmark: Benchmark, task: str) -> Reference:
    """Load all rows in their original order, for training and testing (paper@1, rule 1)."""
    rows = benchmark.read_original_rows(task)
    return benchmark.read_reference(task).model_copy(update={"train": rows, "test": rows})


SPLITS: dict[str, Callable[[Benchmark, str], Reference]] = {
    "hash-split@1": Benchmark.read_reference,
    "same-rows@1": _load_same_rows,
}
