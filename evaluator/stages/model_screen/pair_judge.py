"""Judge of candidates: a chat model says how two rows relate, one pair a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from evaluator.config.model_screen_settings import JudgeStage
from evaluator.llm.client import ChatAnswer, ChatClient
from evaluator.llm.pool import map_concurrently
from evaluator.llm.prompts import PromptFile
from evaluator.llm.quoting import truncate
from evaluator.llm.schema import llm_form
from submissions.errors import EvaluatorError
from submissions.records.base import Record
from submissions.records.task import Row

Relation = Literal["same_exercise", "translation", "same_topic", "unrelated"]
FOUND: frozenset[Relation] = frozenset({"same_exercise", "translation"})
"""Relations of a row that is a test row in other words."""
RowPair = tuple[Row, Row]
"""A delivered row and a test row."""


class PairVerdict(Record):
    """Relation of two rows: first the reason, then the verdict that follows from it."""

    model_config = llm_form(
        "PairVerdict", "How the delivered row relates to the test row: the reason, then the verdict."
    )

    reason: str
    verdict: Relation


@dataclass(frozen=True)
class JudgedPairs:
    """Answers by the number of the pair, and the error that ended the calls."""

    answers: dict[int, ChatAnswer[PairVerdict]] = field(default_factory=dict)
    error: EvaluatorError | None = None


@dataclass(frozen=True)
class PairJudge:
    """Judge: its settings, prompt and client."""

    stage: JudgeStage
    chat: ChatClient
    prompt: PromptFile

    def judge_pairs(self, pairs: Sequence[RowPair]) -> JudgedPairs:
        """Judge pairs concurrently. An error of the server or the budget ends it; answers so far are returned."""
        judged = JudgedPairs()

        def judge_one(number: int) -> None:
            judged.answers[number] = self.chat.request(
                self.prompt.fill(self._prompt_values(pairs[number])), PairVerdict
            )

        try:
            map_concurrently(judge_one, range(len(pairs)), self.stage.connection.at_once)
        except EvaluatorError as error:
            return JudgedPairs(judged.answers, error)
        return judged

    def _prompt_values(self, pair: RowPair) -> dict[str, JsonValue]:
        delivered, test = (self.cut_row(row).model_dump(include={"input", "output"}) for row in pair)
        return {"test": test, "delivered": delivered}

    def cut_row(self, row: Row) -> Row:
        """Cut the texts of a row to what the judge sees."""
        most = self.stage.shown_characters
        return Row(input=truncate(row.input, most), output=truncate(row.output, most))
