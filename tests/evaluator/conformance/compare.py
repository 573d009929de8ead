"""Our paper@1 beside the published code, case by case; `python -m tests.evaluator.conformance` prints the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from evaluator.scoring.metrics import Answers
from evaluator.scoring.metrics.metric_result import MetricResult
from evaluator.scoring.metrics.paper import measure_paper
from evaluator.scoring.normalization import compute_ratio
from submissions.records.task import Row
from tests.evaluator.conformance.scores import PARTS
from tests.support.factories import make_task

HERE = Path(__file__).parent
EXACT = 1e-9
MEDIAN = 0.02
"""How far the mean may lie from the published median of 1,000 bootstrap means, which is drawn without a seed."""
MEASURED_BY = {
    "accuracy": "text_classification",
    "token_f1": "question_answering",
    "rouge_l": "text_summarization",
    "unigram_precision": "language_translation",
    "sacrebleu": "language_translation",
}
"""Metric to a category that has it."""


@dataclass(frozen=True)
class Agreement:
    """Of one metric over all its cases."""

    metric: str
    of: str
    """What a case is: a pair, a list or a board."""
    differences: list[float]
    allowed: float = EXACT

    @property
    def largest(self) -> float:
        """The largest difference, absolute."""
        return max(self.differences)

    @property
    def agrees(self) -> bool:
        return self.largest <= self.allowed


def table(agreements: list[Agreement]) -> str:
    """Metric, cases, largest difference, and what is allowed."""
    head = f"{'metric':<42}{'cases':>8}{'largest difference':>20}{'allowed':>10}"
    rows = [
        f"{f'{a.metric}, {a.of}':<42}{len(a.differences):>8}{a.largest:>20.2g}{a.allowed:>10.0e}" for a in agreements
    ]
    return "\n".join([head, *rows])


def agreements() -> list[Agreement]:
    """Every metric, on pairs alone and on whole lists, and the normalisation."""
    return [*of_pairs(), *of_lists(), *of_boards()]


@lru_cache
def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file, with the values that the published code gave."""
    with (HERE / f"{name}.jsonl").open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def of_pairs() -> Iterator[Agreement]:
    """Each pair is an item of one long list, and must get its own value there."""
    pairs = cases("pairs")
    said, gold = [case["prediction"] for case in pairs], [case["reference"] for case in pairs]
    for metric, category in MEASURED_BY.items():
        ours = part(measure_paper(answers(category, said, gold)), metric).items
        yield Agreement(
            metric, "a pair", [abs(one - given(case[metric])) for one, case in zip(ours, pairs, strict=True)]
        )


def of_lists() -> Iterator[Agreement]:
    """Corpus values; the published ROUGE-L is a random figure near ours."""
    for metric, category in MEASURED_BY.items():
        theirs, allowed = ("rouge_l_median", MEDIAN) if metric == "rouge_l" else (metric, EXACT)
        lists = [case for case in cases("lists") if metric != "rouge_l" or len(case["predictions"]) >= 50]
        differences = [
            abs(score(answers(category, case["predictions"], case["references"]), metric) - given(case[theirs]))
            for case in lists
        ]
        yield Agreement("rouge_l (median)" if metric == "rouge_l" else metric, "a list", differences, allowed)


def of_boards() -> Iterator[Agreement]:
    """The normalised score of every task, and the means over knowledge and reasoning."""
    scores, means = [], []
    for board in cases("boards"):
        ours = {task["task"]: float(compute_ratio(parts(task))) for task in board["tasks"]}
        scores += [abs(ours[task] - value) for task, value in board["scores"].items()]
        groups = {kind: [t["task"] for t in board["tasks"] if t["kind"] == kind] for kind in ("knowledge", "reasoning")}
        present = {task["task"]: ours[task["task"]] for task in board["tasks"] if task["system"] is not None}
        # As totals are: a missing task counts 0.
        found = {kind: fmean(present.get(task, 0.0) for task in tasks) for kind, tasks in groups.items() if tasks}
        assert found.keys() == board["means"].keys()
        means += [abs(found[kind] - value) for kind, value in board["means"].items()]
    yield Agreement("ratio", "a task", scores)
    yield Agreement("group mean", "a group", means)


def answers(category: str, predictions: list[str], references: list[str]) -> Answers:
    """What a model said to rows that expect these references."""
    rows = [Row(input="?", output=reference) for reference in references]
    return Answers(make_task("t", category), rows, [], predictions)


def score(given_answers: Answers, metric: str) -> float:
    """The corpus value of one metric, be it the category's or a part of it."""
    value = part(measure_paper(given_answers), metric).score.value
    assert value is not None
    return value


def part(measured: MetricResult, metric: str) -> MetricResult:
    """The metric itself, or the part of that name."""
    named = {measured.name: measured, **{one.name: one for _, one in measured.parts}}
    return named[metric]


def parts(task: dict[str, Any]) -> list[tuple[float, float, float]]:
    """A board's task as the parts of its ratio."""
    system, reference = task["system"] or {}, task["reference"] or {}
    return [
        (weight, number(system.get(metric)), number(reference.get(metric)))
        for metric, weight in PARTS[task["category"]].items()
    ]


def number(value: float | None) -> float:
    """NaN for what is missing."""
    return np.nan if value is None else value


def given(value: float | None) -> float:
    """What the published pipeline counts: a metric that failed is 0."""
    return 0.0 if value is None else value
