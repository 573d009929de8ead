"""Split of a reference into the anchors' training rows and the test rows of every model."""

from __future__ import annotations

from collections.abc import Callable

from evaluator.errors import ProtocolMismatch
from evaluator.stages.anchored_protocol import AnchoredProtocol
from submissions.arena.benchmark import Benchmark
from submissions.records.task import Reference


def load_reference(protocol: AnchoredProtocol, benchmark: Benchmark, task: str) -> Reference:
    """Load a task's hidden rows, split by the protocol, with only the used train rows.

    Raises NotFound, CorruptRecord, ProtocolMismatch for halves of another rule.
    """
    reference = SPLITS[protocol.split](benchmark, task)
    train = reference.train[: protocol.sft.max_rows]
    return reference.model_copy(update={"train": train, "test": reference.test[: protocol.test_items]})


def _load_same_rows(benchmark: Benchmark, task: str) -> Reference:
    """Load all rows in their original order, for training and testing (paper@1, rule 1)."""
    rows = benchmark.read_original_rows(task)
    return benchmark.read_reference(task).model_copy(update={"train": rows, "test": rows})


def _load_grouped_halves(benchmark: Benchmark, task: str) -> Reference:
    """Load the halves of an import that keeps rows of one passage together."""
    if (rule := benchmark.read_split_rule(task)) != GROUPED:
        raise ProtocolMismatch(
            f"The rows of {task} were split by {rule or 'an older import'}, which may part rows of one passage. "
            f"The protocol requires {GROUPED}. Import the benchmark into a new folder, and measure its anchors there."
        )
    return benchmark.read_reference(task)


GROUPED = "hash-split@2"
SPLITS: dict[str, Callable[[Benchmark, str], Reference]] = {
    "hash-split@1": Benchmark.read_reference,
    GROUPED: _load_grouped_halves,
    "same-rows@1": _load_same_rows,
}
