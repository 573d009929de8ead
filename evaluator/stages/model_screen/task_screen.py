"""Model screen of one task: candidates among the rows that are no textual copies, then the judge's verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.config.model_screen_settings import ModelScreenSettings
from evaluator.llm.embeddings.embedding_client import EmbeddingClient
from evaluator.llm.quoting import truncate
from evaluator.stages.model_screen.candidates import Candidate, Candidates, propose_pairs
from evaluator.stages.model_screen.pair_findings import ReportedPair, TaskScreening
from evaluator.stages.model_screen.pair_judge import JudgedPairs, PairJudge
from evaluator.stages.screen import screen_rows
from submissions.errors import EvaluatorError
from submissions.records.task import Row, Task

_REASON_CHARACTERS = 500
_NOT_ASKED = "the judge was not asked: an error ended the screen before"


@dataclass(frozen=True)
class DeliveredTask:
    """A task with the delivered rows and the hidden test rows."""

    task: Task
    rows: Sequence[Row]
    test: Sequence[Row]


@dataclass(frozen=True)
class TaskFindings:
    """Result for a task. After an error it has what was found until then."""

    screening: TaskScreening
    pairs: tuple[ReportedPair, ...] = ()
    error: EvaluatorError | None = None


@dataclass(frozen=True)
class ModelScreen:
    """The stages that the settings name, opened."""

    settings: ModelScreenSettings
    embeddings: EmbeddingClient | None
    judge: PairJudge | None

    def screen_task(self, delivered: DeliveredTask) -> TaskFindings:
        """Screen a task. Rows that the screen of an evaluation removes are not compared: they are known."""
        kept = screen_rows(delivered.rows, delivered.test, language=delivered.task.language).kept
        numbers = kept[: self.settings.max_rows]
        screening = TaskScreening(
            task=delivered.task.id,
            rows=len(delivered.rows),
            copies=len(delivered.rows) - len(kept),
            beyond=len(kept) - len(numbers),
            test_rows=len(delivered.test),
        )
        rows = [delivered.rows[number] for number in numbers]
        try:
            candidates = propose_pairs(rows, delivered.test, self.settings, self.embeddings)
        except EvaluatorError as error:
            return TaskFindings(screening.model_copy(update={"unfinished": error.public}), error=error)
        judged = None
        if self.judge is not None:
            judged = self.judge.judge_pairs([(rows[one.row], delivered.test[one.test_row]) for one in candidates.pairs])
        pairs = tuple(
            _add_verdict(self._make_pair(delivered, numbers, candidates, pair), place, judged)
            for place, pair in enumerate(candidates.pairs)
        )
        failure = judged.error if judged else None
        summary = {
            "threshold": candidates.threshold,
            "pairs": len(pairs),
            "left_out": candidates.left_out,
            "found": sum(pair.is_found for pair in pairs),
            "verdicts": dict(sorted(Counter(pair.verdict for pair in pairs if pair.verdict).items())),
            "unscored_pairs": sum(pair.unscored is not None for pair in pairs),
            "unscored_rows": {numbers[row] + 1: why for row, why in candidates.unread_rows.items()},
            "unscored_test_rows": {row + 1: why for row, why in candidates.unread_test_rows.items()},
            "cut_rows": tuple(numbers[row] + 1 for row in candidates.cut_rows),
            "cut_test_rows": tuple(row + 1 for row in candidates.cut_test_rows),
            "unfinished": failure.public if failure else None,
        }
        return TaskFindings(screening.model_copy(update=summary), pairs, failure)

    def _make_pair(
        self, delivered: DeliveredTask, numbers: Sequence[int], candidates: Candidates, pair: Candidate
    ) -> ReportedPair:
        row, test = delivered.rows[numbers[pair.row]], delivered.test[pair.test_row]
        if self.judge:
            row, test = self.judge.cut_row(row), self.judge.cut_row(test)
        return ReportedPair(
            task=delivered.task.id,
            row=numbers[pair.row] + 1,
            test_row=pair.test_row + 1,
            measure=candidates.measure,
            similarity=pair.similarity,
            delivered=row,
            test=test,
        )


def _add_verdict(pair: ReportedPair, place: int, judged: JudgedPairs | None) -> ReportedPair:
    if judged is None:
        return pair
    answer = judged.answers.get(place)
    if answer is None:
        return pair.model_copy(update={"unscored": _NOT_ASKED})
    if answer.record is None:
        return pair.model_copy(update={"unscored": answer.why or "the judge gave no verdict"})
    reason = truncate(answer.record.reason, _REASON_CHARACTERS)
    return pair.model_copy(update={"verdict": answer.record.verdict, "reason": reason})
