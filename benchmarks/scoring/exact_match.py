"""Exact match cost: seconds for 100,000 predictions under all rules, beside the published functions' way.

Run `python -m benchmarks.scoring.exact_match [--predictions N]`. The predictions are answers to a
benchmark of 1,000 questions, as many systems would send them. The gold answers are normalized once for a benchmark
here, and with every prediction there; both sides must give the same values. Target: 3 seconds for all five rules.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import string
import time
from collections.abc import Callable, Sequence
from statistics import median

from evaluator.scoring.exact_match import EXACT_MATCH_RULES, AnswerKey, measure_short_answers

ROUNDS, QUESTIONS = 3, 1000
TARGET_SECONDS = 3.0
TARGET_PREDICTIONS = 100_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=TARGET_PREDICTIONS)
    count = parser.parse_args().predictions
    predictions, golds = make_answers(count)
    sizes = f"{len(predictions)} predictions, {QUESTIONS} questions"
    print(f"{sizes}, {os.cpu_count()} cores, one used; median of {ROUNDS} rounds")
    print(f"{'':22}{'ours s':>9}{'other s':>9}{'ratio':>8}{'right':>9}")
    totals = [0.0, 0.0]
    for rule in EXACT_MATCH_RULES:
        ours, other, right = compare_rule(rule, predictions, golds)
        totals = [totals[0] + ours, totals[1] + other]
        print(f"{rule:22}{ours:9.3f}{other:9.3f}{other / ours:7.1f}x{right:9}", flush=True)
    print(f"{'all rules':22}{totals[0]:9.3f}{totals[1]:9.3f}{totals[1] / totals[0]:7.1f}x")
    limit = TARGET_SECONDS * count / TARGET_PREDICTIONS
    print(f"target: {limit:.2f} s for all rules: {'reached' if totals[0] <= limit else 'MISSED'}")


def compare_rule(rule: str, predictions: list[str], golds: list[list[str]]) -> tuple[float, float, int]:
    """Time both sides in turn; return both medians and the number of right ones. Raises SystemExit if they differ."""
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        key = AnswerKey(golds)
        values = [
            value
            for start in range(0, len(predictions), QUESTIONS)
            for value in score_system(rule, predictions, key, start)
        ]
        middle = time.perf_counter()
        other = [OTHERS[rule](text, golds[number % QUESTIONS]) for number, text in enumerate(predictions)]
        times.append((middle - started, time.perf_counter() - middle))
        if values != other:
            raise SystemExit(f"{rule}: the values differ, so the times cannot be compared")
    return median(ours for ours, _ in times), median(other for _, other in times), int(sum(values))


def score_system(rule: str, predictions: list[str], key: AnswerKey, start: int) -> list[float]:
    """Score one system's predictions."""
    return measure_short_answers(rule, predictions[start : start + QUESTIONS], key).items


def make_answers(count: int) -> tuple[list[str], list[list[str]]]:
    """Make predictions to questions with one to three gold answers of one to four words, some beyond ASCII."""
    chance = random.Random(0)
    words = ["".join(chance.choices(string.ascii_letters, k=chance.randint(2, 9))) for _ in range(3000)]
    words += ["The", "a", "U.S.", "1,000", "São", "O’Brien", "New-York", "True"] * 40
    golds = [
        [" ".join(chance.choices(words, k=chance.randint(1, 4))) for _ in range(chance.randint(1, 3))]
        for _ in range(QUESTIONS)
    ]
    systems = -(-count // QUESTIONS)
    predictions = [
        change_answer(chance.choice(golds[number % QUESTIONS]), chance) for number in range(systems * QUESTIONS)
    ]
    return predictions, golds


def change_answer(text: str, chance: random.Random) -> str:
    """Return an answer as it is, in other case, with an article and a full stop, or another one."""
    return chance.choice((text, f" {text.upper()}", f"the {text}.", text[::-1]))


def reduce_text(text: str, signs: str, instead: str, *, has_articles: bool) -> str:
    """Normalize as the published functions do: lower the case, go through all characters, drop articles, join."""
    marks = set(signs)
    text = "".join(instead if letter in marks else letter for letter in text.lower())
    return " ".join((text if has_articles else re.sub(r"\b(a|an|the)\b", " ", text)).split())


def reduce_squad(text: str) -> str:
    """Normalize as SQuAD does."""
    return reduce_text(text, string.punctuation, "", has_articles=False)


def read_boolean(text: str) -> str:
    """Return yes and no for Python's truth values."""
    return {"True": "yes", "False": "no"}.get(text, text)


def reduce_triviaqa(text: str) -> str:
    """Normalize as TriviaQA does."""
    return reduce_text(read_boolean(text), string.punctuation + "‘’´`", " ", has_articles=False)


def compare_with(reduce: Callable[[str], str]) -> Callable[[str, Sequence[str]], float]:
    """Build a comparison that normalizes both sides each time."""
    return lambda text, golds: float(any(reduce(gold) == reduce(text) for gold in golds))


OTHERS: dict[str, Callable[[str, Sequence[str]], float]] = {
    "em/ci@1": compare_with(lambda text: text.strip().lower()),
    "em/squad@1": compare_with(reduce_squad),
    "em/squad-bool@1": compare_with(lambda text: reduce_squad(read_boolean(text))),
    "em/triviaqa@1": compare_with(reduce_triviaqa),
    "em/deepresearcher@1": compare_with(lambda text: reduce_text(text, string.punctuation, " ", has_articles=True)),
}
"""The published functions' way, one step after the other."""


if __name__ == "__main__":
    main()
