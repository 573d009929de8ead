"""Gold answers that a benchmark may not have."""

from __future__ import annotations

import json

import pytest

from evaluator.scoring.exact_match import InvalidGolds, check_golds, find_gold_faults
from tests.support.paths import SHARED_DATA

EXPRESSIONS = [
    r"\d+ miles", r"19(85|86)", "(Bill|William) Clinton", "Mt.* Everest", r"St\. Louis", "Feb(ruary)? 2", "[0-9]+ feet",
    "^Nile$", "Nile|Amazon", "[A-Z]at", r"\bNile\b", "(ab)+", r"go{2,3}gle", "(?:x)y",
    "[^a]b", r"a\\b", "Jan.+ 5", "costs 5$",
]  # fmt: skip
TEXTS = [
    "$5", "C++", "C#", "M*A*S*H", "Who's Afraid of Virginia Woolf?", "(500) Days of Summer", "S.W.A.T.", "[REC]", "x^2",
    "What's Going On (Live)", "Yahoo!", "50% (half)", "1,000 (one thousand)", "A* search", "{a, b}", "Kate | Ashley",
    "f(x)", "etc...", "S. & P.", "50 °C", "¿Qué?", r"\frac{1}{2}", r"\beta", "[Untitled]", "AC/DC", "Wall-E",
    "100 US$ a year",
]  # fmt: skip


@pytest.mark.parametrize("gold", EXPRESSIONS)
def test_a_regular_expression_is_refused(gold: str) -> None:
    with pytest.raises(InvalidGolds, match=r"1 gold.*question q1: gold .* looks like a regular expression"):
        check_golds({"q0": ["x"], "q1": ["y", gold]})


@pytest.mark.parametrize("gold", TEXTS)
def test_a_text_with_signs_is_no_expression(gold: str) -> None:
    check_golds({"q": [gold]})


@pytest.mark.parametrize(
    ("gold", "rules"),
    [
        ("", "em/ci@1, em/squad@1, em/squad-bool@1, em/triviaqa@1, em/deepresearcher@1"),
        (" \n", "em/ci@1, em/squad@1, em/squad-bool@1, em/triviaqa@1, em/deepresearcher@1"),
        ("The", "em/squad@1, em/squad-bool@1, em/triviaqa@1"),
        ("A+", "em/squad@1, em/squad-bool@1, em/triviaqa@1"),
        ("...", "em/squad@1, em/squad-bool@1, em/triviaqa@1, em/deepresearcher@1"),
    ],
)
def test_a_gold_that_normalizes_to_nothing_names_the_rules(gold: str, rules: str) -> None:
    (fault,) = find_gold_faults({"q": [gold]})
    assert fault.why == f"has nothing left to compare under {rules}"


def test_faults_are_listed_by_question_and_counted() -> None:
    golds = {"none": [], "number": [7], "joined": ["a b<|answer_split|>c"], **{f"q{n}": ["the"] for n in range(4)}}
    with pytest.raises(InvalidGolds) as caught:
        check_golds(golds)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith("7 gold answer(s) cannot be used: question none: has no gold answer; ")
    assert (
        "question number: gold '7' is a int, not a text; question joined: gold 'a b<|answer_split|>c' has the"
        in message
    )
    assert "question q1" in message
    assert "question q2" not in message
    assert "and 2 more. Remove or rewrite them" in message


def test_a_long_gold_is_searched_in_linear_time() -> None:
    for part in ("(", "(a", "[a-z", "\\", "a{1", "|(", ".", "x("):
        list(find_gold_faults({"q": [part * 20_000]}))


@pytest.mark.parametrize("name", ["train", "dev", "test_gold"])
def test_real_golds_are_texts(name: str) -> None:
    file = SHARED_DATA / "qa" / f"{name}.json"
    if not file.is_file():
        pytest.skip(f"NO REAL QUESTIONS: {file} is absent; set ARENA_SHARED_DATA to check their gold answers")
    golds = {row["id"]: row["golden_answers"] for row in json.loads(file.read_text(encoding="utf-8"))}
    faults = [(fault.question, fault.gold) for fault in find_gold_faults(golds)]
    assert faults == ([("20127", "A+")] if name == "test_gold" else [])  # a lone article under em/squad@1
