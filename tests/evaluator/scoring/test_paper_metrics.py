from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from evaluator.scoring.metrics.paper import BY_CATEGORY, accuracy, measure_paper, rouge_l, token_f1
from evaluator.scoring.normalization import compute_ratio
from submissions.errors import NotFound
from submissions.tracks import TRACKS
from tests.evaluator.conformance.compare import Agreement, agreements, answers, cases, of_pairs, table

ROUGE = RougeScorer(["rougeL"])
METRICS = ["accuracy", "token_f1", "rouge_l", "unigram_precision", "sacrebleu"]
NAMES = [f"{metric}, a pair" for metric in METRICS]
NAMES += [f"{metric}, a list" for metric in ("accuracy", "token_f1", "rouge_l (median)", *METRICS[3:])]
NAMES += ["ratio, a task", "group mean, a group"]
texts = st.text(max_size=40)
scores = st.one_of(st.just(math.nan), st.just(0.0), st.floats(0.001, 1))


@pytest.fixture(scope="module")
def found() -> dict[str, Agreement]:
    return {f"{one.metric}, {one.of}": one for one in agreements()}


@pytest.mark.parametrize("name", NAMES)
def test_every_case_has_the_published_value(found: dict[str, Agreement], name: str) -> None:
    assert found[name].agrees, table([found[name]])


def test_there_are_cases_enough_for_every_metric(found: dict[str, Agreement]) -> None:
    assert list(found) == NAMES
    assert all(len(found[f"{metric}, a pair"].differences) >= 2000 for metric in METRICS)
    for metric in METRICS:
        values = [case[metric] or 0.0 for case in cases("pairs")]
        assert 100 < sum(value > 0 for value in values) < len(values) - 100, metric


def _with_curly_quotes() -> dict[int, str]:
    return {**token_f1._TO_BLANK, ord("‘"): " ", ord("’"): " "}


@pytest.mark.parametrize(
    ("metric", "module", "name", "repaired"),
    [
        ("accuracy", accuracy, "CLOSING", ".,!?"),
        ("accuracy", accuracy, "_truth_value", lambda _: ""),
        ("token_f1", token_f1, "_TO_BLANK", _with_curly_quotes()),
        ("token_f1", token_f1, "_ARTICLES", frozenset()),
        ("rouge_l", rouge_l, "_WORD", token_f1.re.compile(r"\w+")),
    ],
)
def test_the_cases_see_a_rule_that_is_changed(
    monkeypatch: pytest.MonkeyPatch, metric: str, module: Any, name: str, repaired: Any
) -> None:
    monkeypatch.setattr(module, name, repaired)
    seen = next(agreement for agreement in of_pairs() if agreement.metric == metric)
    assert not seen.agrees


@pytest.mark.parametrize(
    ("said", "gold", "value"),
    [
        ("banana", "A", 1.0),
        ("The answer is 21.", "1", 1.0),
        ("not positive", "positive", 1.0),
        ("anything", "", 1.0),
        ("it is true", "1", 1.0),
        ("false, that is", "0", 1.0),
        ("in New\nYork", "new york", 1.0),
        ("A. Paris", "A", 0.0),
        ("so Yes.", "Yes.", 0.0),
        ("", "A", 0.0),
    ],
)
def test_accuracy_looks_at_the_end_only(said: str, gold: str, value: float) -> None:
    assert accuracy.accuracy([said], [gold]) == [value]


def test_f1_keeps_curly_quotes_and_gives_nothing_for_two_empty_texts() -> None:
    assert token_f1.split_tokens("The ‘end’ of_an 'era'") == ["‘end’", "of", "era"]
    assert token_f1.token_f1(["", "the", "the"], ["", "", "a"]) == [0.0, 0.0, 0.0]


@given(texts, texts)
@settings(deadline=None)
def test_rouge_l_is_that_of_rouge_score_to_the_bit(one: str, two: str) -> None:
    [ours] = rouge_l.rouge_l([one], [two])
    assert ours == ROUGE.score(two, one)["rougeL"].fmeasure


@given(st.text(alphabet="aab1 .", max_size=60), st.text(alphabet="aab1 .", max_size=60))
@settings(deadline=None)
def test_rouge_l_is_that_of_rouge_score_where_words_come_again(one: str, two: str) -> None:
    [ours] = rouge_l.rouge_l([one], [two])
    assert ours == ROUGE.score(two, one)["rougeL"].fmeasure


def test_every_category_has_a_metric() -> None:
    assert BY_CATEGORY.keys() == TRACKS["dataset_research"].categories.keys()


def test_an_unknown_category_names_those_there_are() -> None:
    known = answers("text_generation", ["a"], ["a"])
    strange = replace(known, task=known.task.model_copy(update={"category": "haiku"}))
    with pytest.raises(NotFound, match=r"'haiku'; there are: multiple_choice, "):
        measure_paper(strange)


@pytest.mark.parametrize("category", BY_CATEGORY)
def test_lists_of_different_length_are_refused(category: str) -> None:
    with pytest.raises(ValueError, match="1 predictions to 2 references"):
        measure_paper(replace(answers(category, ["a", "b"], ["a", "b"]), texts=["a"]))


@pytest.mark.parametrize("category", BY_CATEGORY)
def test_empty_answers_are_worth_nothing_and_no_answers_have_no_score(category: str) -> None:
    assert measure_paper(answers(category, ["", " "], ["a b c d e", "f"])).score.value == 0.0
    assert measure_paper(answers(category, [], [])).score.value is None


def test_outer_blanks_do_not_count() -> None:
    for category in BY_CATEGORY:
        assert measure_paper(answers(category, ["\n one two three four "], ["one two three four\t"])).score.value == 1.0


@pytest.mark.parametrize(
    ("category", "weights"), [("language_translation", (0.5, 0.5)), ("text_generation", (0.7, 0.3))]
)
def test_translation_and_generation_are_blends(category: str, weights: tuple[float, float]) -> None:
    measured = measure_paper(answers(category, ["one two three four nine six"], ["one two three four five six"]))
    assert [(weight, part.name) for weight, part in measured.parts] == [
        (weights[0], "unigram_precision"),
        (weights[1], "sacrebleu"),
    ]
    values = [part.score.value for _, part in measured.parts]
    assert values[0] == pytest.approx(5 / 6)
    assert measured.score.value == pytest.approx(np.dot(weights, values))


@pytest.mark.parametrize("category", BY_CATEGORY)
def test_any_choice_of_items_can_be_scored_from_the_sums(category: str) -> None:
    chosen = cases("pairs")[700:900]
    said, gold = [case["prediction"] for case in chosen], [case["reference"] for case in chosen]
    drawn = np.random.default_rng(0).integers(0, len(chosen), 120)
    whole = measure_paper(answers(category, said, gold))
    again = measure_paper(answers(category, [said[at] for at in drawn], [gold[at] for at in drawn]))
    assert float(whole.pool(whole.statistics[drawn].sum(axis=0))) == pytest.approx(again.score.value, abs=1e-12)


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ([(1.0, 0.4907, 0.037)], 0.4907 / 0.037),  # the paper's legal task: far above 1, not clipped
        ([(0.5, 0.2, 0.4), (0.5, 0.3, 0.3)], 0.75),
        ([(0.7, 0.2, 0.4), (0.3, 0.3, 0.0)], 0.5),
        ([(0.7, 0.2, math.nan), (0.3, 0.3, 0.2)], 1.5),
        ([(0.5, math.nan, 0.4), (0.5, 0.3, 0.3)], 0.5),
        ([(0.5, 0.9, 0.0), (0.5, 0.9, math.nan)], 0.0),
        ([], 0.0),
    ],
)
def test_ratio_drops_parts_without_a_reference_score(parts: list[tuple[float, float, float]], value: float) -> None:
    assert float(compute_ratio(parts)) == pytest.approx(value)


@given(st.lists(st.tuples(scores, scores, scores, scores), min_size=1, max_size=8))
def test_ratio_of_arrays_is_the_ratio_of_each(draws: list[tuple[float, float, float, float]]) -> None:
    one, one_ref, two, two_ref = np.array(draws).T
    together = compute_ratio([(0.7, one, one_ref), (0.3, two, two_ref)])
    each = [float(compute_ratio([(0.7, a, a_ref), (0.3, b, b_ref)])) for a, a_ref, b, b_ref in draws]
    assert together.shape == (len(draws),)
    assert together == pytest.approx(each)


def test_ratio_takes_one_reference_score_for_many_draws() -> None:
    assert compute_ratio([(1.0, np.array([0.1, 0.2, 0.4]), 0.2)]) == pytest.approx([0.5, 1.0, 2.0])
