from __future__ import annotations

import pytest

from evaluator.scoring.metrics.classification import accuracy

SENTIMENTS = ["positive", "negative", "not positive"]
CARDS = ["card", "card arrival", "lost_or_stolen_card", "top_up"]
LANGUAGES = ["C", "C++", "C#", "F#"]
SIGNS = ["+", "-"]
NUMBERS = ["0", "1", "-1", "1.5"]
ANSWERS = ["yes", "no", ""]


@pytest.mark.parametrize(
    ("prediction", "reference", "labels", "right"),
    [
        ("positive", "positive", SENTIMENTS, True),
        (" Positive.\nIt sounds happy.", "positive", SENTIMENTS, True),
        ("The label is: positive", "positive", SENTIMENTS, True),
        ("It is not positive", "not positive", SENTIMENTS, True),
        ("It is not positive", "positive", SENTIMENTS, False),
        ("positive or negative", "positive", SENTIMENTS, False),
        ("positively", "positive", SENTIMENTS, False),
        ("", "positive", SENTIMENTS, False),
        ("happy", "positive", SENTIMENTS, False),
        ("Label\npositive", "positive", SENTIMENTS, False),
        ("male or female", "female", ["male", "female"], False),
        ("female", "female", ["male", "female"], True),
        ("hate, not hate", "not hate", ["hate", "not hate"], False),
        ("这是体育新闻", "体育", ["体育", "财经"], True),
        ("体育和财经", "体育", ["体育", "财经"], False),
        ("card arrival", "card arrival", CARDS, True),
        ("it is about card arrival", "card arrival", CARDS, True),
        ("card arrival", "card", CARDS, False),
        ("lost or stolen card", "lost_or_stolen_card", CARDS, True),
        ("LOST_OR_STOLEN_CARD", "lost_or_stolen_card", CARDS, True),
        ("top-up", "top_up", CARDS, True),
        ("سلبي.", "سلبي", ["سلبي", "إيجابي"], True),
        ("答案：负面", "负面", ["正面", "负面"], True),
        ("Ｎｏ", "no", ["yes", "no"], True),
        ("1", "1", ["1", "10"], True),
        ("10", "1", ["1", "10"], False),
        ("C++", "C++", LANGUAGES, True),
        ("c++", "C++", LANGUAGES, True),
        ("C#", "C++", LANGUAGES, False),
        ("C", "C++", LANGUAGES, False),
        ("C++", "C", LANGUAGES, False),
        ("+", "+", SIGNS, True),
        ("-", "+", SIGNS, False),
        ("", "+", SIGNS, False),
        ("It is C#.", "C", LANGUAGES, False),
        ("It is C#.", "C#", LANGUAGES, True),
        ("I would say C++", "C++", LANGUAGES, True),
        ("I would say C++", "C", LANGUAGES, False),
        ("I would say C", "C", LANGUAGES, True),
        ("C or C++", "C++", LANGUAGES, False),
        ("- C#", "C#", LANGUAGES, True),
        ("The label is -1", "-1", NUMBERS, True),
        ("The label is -1", "1", NUMBERS, False),
        ("The label is 1", "-1", NUMBERS, False),
        ("The label is 1.", "1", NUMBERS, True),
        ("The label is 1.5", "1", NUMBERS, False),
        ("The label is −1", "-1", NUMBERS, True),
        ("Score: 10", "1", NUMBERS, False),
        ("a top-up of my card", "top_up", ["top_up", "card arrival"], True),
        ("\u200fسلبي", "سلبي", ["سلبي", "إيجابي"], True),
        ("सकारात्मक।", "सकारात्मक", ["सकारात्मक", "नकारात्मक"], True),
        ("ผลคือเชิงบวก", "เชิงบวก", ["เชิงบวก", "เชิงลบ"], True),
        ("「正面」", "正面", ["正面", "负面"], True),
        ("positive, positive, positive", "positive", SENTIMENTS, True),
        ("unheard of", "positive", SENTIMENTS, False),
        ("", "", ANSWERS, True),
        (" \n", "", ANSWERS, True),
        ("yes", "", ANSWERS, False),
        ("", "yes", ANSWERS, False),
    ],
)
def test_labels_are_matched(prediction: str, reference: str, labels: list[str], right: bool) -> None:
    assert accuracy([prediction], [reference], labels) == [float(right)]


def test_a_label_that_only_the_item_knows_counts() -> None:
    assert accuracy(["rare"], ["rare"], ["usual"]) == [1.0]
