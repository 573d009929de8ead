"""Rules of exact match: the vectors of the published functions, real predictions, and a slow second implementation."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest

from evaluator.errors import UnscorableAnswers
from evaluator.scoring.exact_match import (
    EXACT_MATCH_RULES,
    HOTPOT_F1,
    SHORT_ANSWER_METRICS,
    AnswerKey,
    get_exact_match_rule,
    hotpot_f1,
    measure_short_answers,
)
from submissions.errors import NotFound
from tests.support.paths import SHARED_DATA
from tests.support.short_answers import PUBLISHED_RULES, make_pairs, published_f1

RULES = ("em/ci@1", "em/squad@1", "em/squad-bool@1", "em/triviaqa@1", "em/deepresearcher@1")
VECTORS = [
    ("The Beatles", "beatles", "01110"),
    ("U.S.A.", "USA", "01100"),
    ("New-York", "New York", "00011"),
    ("1,000", "1000", "01100"),
    ("Paris.", "paris", "01111"),
    ("O'Brien", "O’Brien", "00010"),
    ("São Paulo", "Sao Paulo", "00000"),
    ("True", "yes", "00110"),
    ("no", "False", "00110"),
    ("rock_music", "rock music", "00011"),
    ("A", "", "00000"),  # the published functions but the first and the last say 1
    ("A", " \n", "00000"),
    ("true", "yes", "00000"),  # only a whole `True` is a boolean
    ("Paris", "  PARIS\t", "11111"),
    ("the—end", "—end", "01110"),
    ("Paris<|answer_split|>Lutetia", "lutetia", "00001"),
]
REAL_COUNTS = {
    "hotpotqa_qwen": (278, 288, 288, 290, 285),
    "2wiki_qwen": (276, 277, 277, 277, 276),
    "bamboogle_qwen": (54, 57, 57, 57, 55),
    "hotpotqa_llama": (280, 291, 291, 292, 285),
    "bamboogle_llama": (51, 55, 55, 55, 52),
}
"""Right predictions of R1-Searcher by rule."""


def score(metric: str, gold: str | list[str], prediction: str) -> float:
    key = AnswerKey([[gold] if isinstance(gold, str) else gold])
    return measure_short_answers(metric, [prediction], key).items[0]


@pytest.mark.parametrize(("gold", "prediction", "expected"), VECTORS)
def test_rules_differ_as_the_published_functions_do(gold: str, prediction: str, expected: str) -> None:
    assert tuple(EXACT_MATCH_RULES) == RULES
    assert [score(rule, gold, prediction) for rule in RULES] == [float(digit) for digit in expected]


@pytest.mark.parametrize("metric", SHORT_ANSWER_METRICS)
@pytest.mark.parametrize("empty", ["", " ", "\t\n ", "\u3000"])
def test_an_empty_prediction_is_wrong(metric: str, empty: str) -> None:
    measured = measure_short_answers(metric, [empty], AnswerKey([["a", "the", "."]]))
    assert (measured.items, measured.verdicts) == ([0.0], ("empty",))


@pytest.mark.parametrize("name", REAL_COUNTS)
def test_real_predictions_give_the_published_counts(name: str) -> None:
    file = SHARED_DATA / "qa" / "r1_searcher" / f"{name}.jsonl"
    if not file.is_file():
        pytest.skip(f"NO REAL PREDICTIONS: {file} is absent; set ARENA_SHARED_DATA to score them")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    key = AnswerKey([row["golden_answers"] for row in rows])
    predictions = [row["predicted_answer"] for row in rows]
    counts = tuple(int(sum(measure_short_answers(rule, predictions, key).items)) for rule in RULES)
    assert counts == REAL_COUNTS[name]


@pytest.mark.parametrize(
    ("name", "counts"),
    [("predictions_good", (146, 177)), ("predictions_missing", (127, 150)), ("predictions_verbose", (0, 0))],
)
def test_example_predictions_score_as_their_page_states(name: str, counts: tuple[int, int]) -> None:
    folder = SHARED_DATA / "qa"
    if not folder.is_dir():
        pytest.skip(f"NO EXAMPLE PREDICTIONS: {folder} is absent; set ARENA_SHARED_DATA to score them")
    given = {row["id"]: row["predicted_answer"] for row in read_list(folder / f"{name}.json")}
    questions = read_list(folder / "test_gold.json")
    key = AnswerKey([row["golden_answers"] for row in questions])
    answers = [given.get(row["id"], "") for row in questions]
    assert tuple(int(sum(measure_short_answers(rule, answers, key).items)) for rule in RULES[:2]) == counts


def read_list(file: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return rows


def test_values_equal_those_of_the_published_functions() -> None:
    pairs = make_pairs(2000, seed=16)
    key = AnswerKey([golds for _, golds in pairs])
    predictions = [prediction for prediction, _ in pairs]
    assert all(prediction.strip() for prediction in predictions)
    for rule, published in PUBLISHED_RULES.items():
        expected = [float(published(prediction, golds)) for prediction, golds in pairs]
        assert measure_short_answers(rule, predictions, key).items == expected
        assert 200 < sum(expected) < 1800, rule
    expected = [published_f1(prediction, golds) for prediction, golds in pairs]
    assert measure_short_answers(HOTPOT_F1, predictions, key).items == pytest.approx(expected, abs=1e-12)
    assert sum(0 < value < 1 for value in expected) > 100


@pytest.mark.parametrize("rule", RULES)
def test_the_fast_path_of_ascii_text_equals_the_other(rule: str) -> None:
    normalize = get_exact_match_rule(rule).normalize
    chance = random.Random(1)
    letters = string.ascii_letters + string.digits + string.punctuation * 2 + string.whitespace * 3 + "\x00\x1c\x7f"
    for _ in range(500):
        text = " ".join(
            chance.choice(("the", "A", "an", "".join(chance.choices(letters, k=5))))
            for _ in range(chance.randint(0, 5))
        )
        assert normalize(text + " é").split() == [*normalize(text).split(), "é"] or rule == "em/ci@1"


@pytest.mark.parametrize(
    ("prediction", "golds", "value"),
    [
        ("the yes", ["no"], 0.0),
        ("yes", ["yes it is"], 0.0),
        ("Yes!", ["yes"], 1.0),
        ("yes indeed", ["yes it is"], 0.4),
        ("noanswer", ["no answer"], 0.0),
        ("big big dog", ["big dog"], 0.8),
        ("dog", ["cat", "the dog"], 1.0),
        ("the", ["a"], 0.0),
        ("dog", [], 0.0),
    ],
)
def test_token_f1_follows_the_rule_of_hotpotqa(prediction: str, golds: list[str], value: float) -> None:
    accepted = sorted(get_exact_match_rule("em/squad@1").normalize_golds(golds))
    assert hotpot_f1(prediction, accepted) == pytest.approx(value)


def test_a_result_carries_its_metric_id_and_verdicts() -> None:
    key = AnswerKey([["red dog"], ["cat"], ["cow"]])
    for metric, verdicts in (("em/ci@1", ("different", "exact", "empty")), (HOTPOT_F1, ("partial", "exact", "empty"))):
        measured = measure_short_answers(metric, ["dog", "Cat", ""], key)
        assert (measured.name, measured.score.name, measured.score.n) == (metric, metric, 3)
        assert measured.verdicts == verdicts
    assert measured.items == pytest.approx([2 / 3, 1.0, 0.0])


def test_wrong_numbers_of_predictions_and_other_values_are_refused() -> None:
    key = AnswerKey([["x"], ["y"]])
    with pytest.raises(UnscorableAnswers, match="1 predictions to 2 questions"):
        measure_short_answers("em/ci@1", ["x"], key)
    with pytest.raises(UnscorableAnswers, match="Prediction 1 is a float"):
        measure_short_answers("em/ci@1", ["x", float("nan")], key)  # type: ignore[list-item]
    with pytest.raises(NotFound, match="f1/hotpotqa@1"):
        measure_short_answers("em", ["x", "y"], key)
    with pytest.raises(NotFound, match="em/deepresearcher@1"):
        get_exact_match_rule("em/squad")
