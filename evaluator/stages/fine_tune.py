"""The fine-tune stage: the base model trained on an entry's rows, asked the test rows without shots."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.eval_set import EvalSet, hash_rows
from evaluator.stages.context import EvaluationContext, ModelRequest
from submissions.records.task import Row


def fine_tune_request(bench: EvaluationContext, exam: EvalSet, rows: Sequence[Row], seed: int) -> ModelRequest:
    """The exam of the model that these rows make; no more of them are trained on than the protocol allows."""
    mine = tuple(rows[: bench.protocol.sft.max_rows])
    key = bench.stage_key("fine_tune", exam.sha256, hash_rows(mine), seed)
    return ModelRequest("fine_tune", key, exam, rows=mine, seed=seed)


def base_model_request(bench: EvaluationContext, exam: EvalSet) -> ModelRequest:
    """The exam of the base model: the same questions without any training."""
    return ModelRequest("base", bench.stage_key("base", exam.sha256), exam)
