"""Token counts of the delivered data and the evaluation sets: by the tokenizer, or estimated from bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from statistics import fmean
from typing import Protocol as Seam

from evaluator.models.chat_template import ChatTemplate
from evaluator.scoring.eval_set import answer_token_limit
from evaluator.stages.anchored_protocol import AnchoredProtocol
from submissions.estimation.cost_model import count_delivered
from submissions.estimation.estimate import count_row_tokens
from submissions.estimation.stage_load import DeliveredTokens
from submissions.records.prompt_frame import EvalSetLoad, PromptFrame
from submissions.records.task import Reference, Row


class Workload(Seam):
    """Counts the tokens of training data and of evaluation prompts."""

    how: str
    """Source of the counts, for people."""

    def count_delivery(self, rows: Sequence[Row]) -> DeliveredTokens:
        """Count the tokens of a task's delivered rows, all of them."""
        ...

    def count_eval_set(self, reference: Reference) -> EvalSetLoad:
        """Count the tokens of a task's evaluation set, from the reference as the protocol splits it."""
        ...


class TokenizedWorkload:
    """Counts by encoding: training examples and prompts are built as in an evaluation."""

    how = "counted with the base model's tokenizer"

    def __init__(self, protocol: AnchoredProtocol, template: ChatTemplate) -> None:
        self._protocol = protocol
        self._template = template

    def count_delivery(self, rows: Sequence[Row]) -> DeliveredTokens:
        sft = self._protocol.sft
        pairs = [(row.input, row.output) for row in rows[: sft.max_rows]]
        lengths = [len(one.input_ids) for one in self._template.build_examples(pairs, sft.cutoff_tokens)]
        return DeliveredTokens(len(rows), round(sft.epochs * sum(lengths)), _mean_or_zero(lengths))

    def count_eval_set(self, reference: Reference) -> EvalSetLoad:
        gold = tuple(row.output for row in reference.test)
        questions = tuple(row.input for row in reference.test)
        prompts = self._template.build_prompts(questions, (), self._protocol.decoding.max_prompt_tokens, gold)
        answers = [len(self._template.target_ids(one)) for one in gold]
        longest = partial(self._template.longest_answer, _list_outputs(reference))
        return _build_load(self._protocol, [len(one) for one in prompts], answers, longest)


class ByteEstimatedWorkload:
    """Estimates token counts from bytes, as the web app does for uploads."""

    def __init__(self, protocol: AnchoredProtocol, frame: PromptFrame) -> None:
        self.how = f"estimated at {frame.bytes_per_token:.2g} bytes a token"
        self._protocol = protocol
        self._frame = frame

    def count_delivery(self, rows: Sequence[Row]) -> DeliveredTokens:
        return count_delivered(rows, len(rows), self._frame)

    def count_eval_set(self, reference: Reference) -> EvalSetLoad:
        frame, most = self._frame, self._protocol.decoding.max_prompt_tokens
        asking = frame.model_copy(update={"after": ""})
        answering = frame.model_copy(update={"before": "", "between": ""})
        prompts = [min(most, count_row_tokens(Row(input=row.input, output=""), asking)) for row in reference.test]
        answers = [count_row_tokens(Row(input="", output=row.output), answering) for row in reference.test]
        texts = _list_outputs(reference)
        return _build_load(
            self._protocol, prompts, answers,
            lambda _: max((count_row_tokens(Row(input="", output=text), answering) for text in texts), default=0),
        )  # fmt: skip


def mean_load(loads: Iterable[EvalSetLoad]) -> EvalSetLoad:
    """Mean evaluation set of a task, in whole tokens: the only fact about hidden rows that may be published."""
    found = list(loads)
    items = sum(one.items for one in found)

    def weighted_mean(tokens: Callable[[EvalSetLoad], float]) -> float:
        return round(sum(one.items * tokens(one) for one in found) / items) if items else 0

    return EvalSetLoad(
        items=round(_mean_or_zero([one.items for one in found]), 1),
        question_tokens=weighted_mean(lambda one: one.question_tokens),
        answer_tokens=weighted_mean(lambda one: one.answer_tokens),
        limit_tokens=weighted_mean(lambda one: one.limit_tokens),
    )


def _build_load(
    protocol: AnchoredProtocol, prompts: Sequence[int], answers: Sequence[int], longest: Callable[[float], float]
) -> EvalSetLoad:
    limit = answer_token_limit(protocol.decoding, longest)
    return EvalSetLoad(
        items=len(prompts),
        question_tokens=_mean_or_zero(prompts),
        answer_tokens=_mean_or_zero([min(limit, one) for one in answers]),
        limit_tokens=limit,
    )


def _list_outputs(reference: Reference) -> list[str]:
    return [row.output for row in (*reference.train, *reference.test)]


def _mean_or_zero(numbers: Sequence[float]) -> float:
    return fmean(numbers) if numbers else 0.0
