"""Fine-tune stage: trains the base model on an entry's rows, and prompts it with the test rows without shots."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.eval_set import EvalSet, hash_rows
from evaluator.stages.context import EvaluationContext, ModelRequest
from submissions.records.task import Row


def fine_tune_request(bench: EvaluationContext, exam: EvalSet, rows: Sequence[Row], seed: int) -> ModelRequest:
    """Build the request for a model trained on these rows, of which at most the protocol's maximum is used."""
    mine = tuple(rows[: bench.protocol.sft.max_rows])
    key = bench.stage_key("fine_tune", exam.sha256, hash_rows(mine), seed)
    return ModelRequest("fine_tune", key, exam, rows=mine, seed=seed)


def base_model_request(bench: EvaluationContext, exam: EvalSet) -> ModelRequest:
    """Build the request for the base model: the same questions without any training."""
    return ModelRequest("base", bench.stage_key("base", exam.sha256), exam)
