from __future__ import annotations

import pytest

from evaluator.metrics.multiple_choice import accuracy, chosen, options

QUESTION = "Which city is the capital of France?\nA) London\nB) Paris\nC) A dog\nD) Rome"
CHOICES = options(QUESTION)


@pytest.mark.parametrize(
    "answer",
    [
        "B",
        "b",
        " B.\n",
        "Ｂ",
        "(B)",
        "(b)",
        "（Ｂ）",
        "**B**",
        "B)",
        "b.",
        "B) Paris",
        "(b) Paris",
        "B. London is not in France",
        "B：巴黎",
        "B、Paris",
        "Paris",
        "paris.",
        "PARIS",
        "Answer: B",
        "The answer is (B).",
        "Option B is right",
        "The answer is B because I know it",
        "B\nbecause A, C and D are wrong",
    ],
)
def test_the_second_option_is_chosen(answer: str) -> None:
    assert chosen(answer, CHOICES) == "B"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\n\n",
        "A or B",
        "A) or B)",
        "A. or B.",
        "(A) and (C)",
        "A) London or B) Paris",
        "Z) x",
        "A cat sat there",
        "I think so",
        "Either B or D, I think",
        "Not A, so B",
        "Madrid",
        "Paris or Rome",
        "because it is so",
        "E is what I say",
        "I do not know",
    ],
)
def test_none_or_several_are_no_choice(answer: str) -> None:
    assert chosen(answer, CHOICES) is None


@pytest.mark.parametrize(
    "question",
    [
        "Q?\nA) London\nB) Paris",
        "Q?\na) London\nb) Paris",
        "Q?\n(A) London\n(B) Paris",
        "Q?\nA. London\nB. Paris",
        "Q?\n  A: London  \n  B: Paris",
        "Q?\nＡ）London\nＢ）Paris",
        "Q?\nA、London\nB、Paris",
        "Q?\r\nA) London\r\nB) Paris\r\n",
    ],
)
def test_options_are_read_off_the_question(question: str) -> None:
    assert options(question) == {"A": "London", "B": "Paris"}


def test_an_option_s_text_counts_before_a_letter_in_it() -> None:
    assert chosen("A dog", CHOICES) == "C"


def test_an_option_s_text_may_begin_like_a_letter() -> None:
    worms = options("Which?\nA) A. thaliana\nB) C. elegans\nC) D. rerio")
    assert chosen("C. elegans", worms) == "B"
    assert chosen("C.", worms) == "C"


def test_two_options_with_one_text_are_ambiguous_by_text() -> None:
    twice = options("Q?\nA) same\nB) same\nC) other")
    assert chosen("same", twice) is None
    assert chosen("B) same", twice) == "B"


@pytest.mark.parametrize(
    ("prediction", "reference", "right"),
    [
        ("B", "B) Paris", True),
        ("Paris", "B", True),
        ("(b)", "Paris", True),
        ("A", "Paris", False),
        ("A or B", "B", False),
        ("", "B", False),
        ("oui", "OUI!", True),
        ("", "???", False),
        ("non", "oui", False),
    ],
)
def test_letters_and_texts_meet(prediction: str, reference: str, right: bool) -> None:
    assert accuracy([prediction], [reference], [QUESTION]) == [float(right)]


def test_without_options_a_letter_is_a_letter() -> None:
    assert accuracy(["The answer is D.", "d"], ["D", "D"], ["Which?", "Which?"]) == [1.0, 1.0]
