from __future__ import annotations

import pytest

from evaluator.scoring.metrics.multiple_choice import accuracy, extract_choice, parse_options

QUESTION = "Which city is the capital of France?\nA) London\nB) Paris\nC) A dog\nD) Rome"
CHOICES = parse_options(QUESTION)


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
        "The answer is b.",
        "answer: (b)",
        "答案是B",
        "选B。",
        "Đáp án B",
        "\\boxed{B}",
        "[B]",
        "<b>B</b>",
        "\u200fB",
        "ⓑ",
        "B is correct",
        "B. e.g. the one with the tower",
        "I'm sure it is Paris.",
        "It's B",
        "The correct answer is: B) Paris.",
        "**Answer:** B",
    ],
)
def test_the_second_option_is_chosen(answer: str) -> None:
    assert extract_choice(answer, CHOICES) == "B"


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
        "B/C",
        "a) or b)",
        "A.London B.Paris",
        "B) Paris or C) cat",
        "B, not A",
        "B-cell",
        "I'm lost",
    ],
)
def test_none_or_several_are_no_choice(answer: str) -> None:
    assert extract_choice(answer, CHOICES) is None


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
        "Q? A) London B) Paris",
        "Q? (A) London, (B) Paris",
        "Q: one?\nA: London\nB: Paris\nAnswer:",
        "1. One is true.\n2. So is two.\nA) London\nB) Paris",
        "A. This is said\nB. So is this\nWhich?\nA) London\nB) Paris",
    ],
)
def test_options_are_read_off_the_question(question: str) -> None:
    assert parse_options(question) == {"A": "London", "B": "Paris"}


@pytest.mark.parametrize(
    ("question", "answer", "letter"),
    [
        ("أي؟\nأ) بيروت\nب) القاهرة", "الإجابة هي ب", "ب"),
        ("أي؟\nأ) بيروت\nب) القاهرة", "ب) القاهرة", "ب"),
        ("Какой?\nА) Москва\nБ) Киев", "Ответ: Б", "Б"),
        ("ข้อใด\nก. แมว\nข. หมา", "ข. หมา", "ข"),
        ("哪个？\n甲、北京\n乙、上海", "乙", "乙"),
        ("어느?\n가. 서울\n나. 부산", "부산", "나"),
        ("Which?\n1) three\n2) four", "The answer is 2", "2"),
        ("Which?\nA) 3\nB) 5", "3", "A"),
        ("Which?\nA) -5\nB) 5", "-5", "A"),
        ("Which?\nA) -5\nB) 5", "It is 5", "B"),
        ("Which?\nA) 10%\nB) 10", "10%", "A"),
        ("Which?\nA) C++\nB) C#\nC) C", "C++", "A"),
        ("Which?\nA) C++\nB) C#\nC) C", "It is B) C#", "B"),
        ("Who?\nA) Woolf\nB) D. H. Lawrence\nC) Joyce\nD) Eliot", "B. D. H. Lawrence", "B"),
        ("Which?\nA) x\nB) y\nC) Both A and B", "The answer is C) Both A and B", "C"),
        ("Which?\nA) x\nB) y\nC) Both A and B", "Both A and B", "C"),
        ("Is it?\nA) 是\nB) 否", "是。", "A"),
        ("Which?\nA) p\nB)\nC) r", "r", "C"),
    ],
)
def test_the_one_option_is_found(question: str, answer: str, letter: str) -> None:
    assert extract_choice(answer, parse_options(question)) == letter


@pytest.mark.parametrize("question", ["Which?", "Q: What is it?", "A) London", "Q: one?\nA:", "1) first\n3) third"])
def test_fewer_than_two_marks_are_no_options(question: str) -> None:
    assert parse_options(question) == {}


def test_an_option_s_text_counts_before_a_letter_in_it() -> None:
    assert extract_choice("A dog", CHOICES) == "C"


def test_an_option_s_text_may_begin_like_a_letter() -> None:
    worms = parse_options("Which?\nA) A. thaliana\nB) C. elegans\nC) D. rerio")
    assert extract_choice("C. elegans", worms) == "B"
    assert extract_choice("C.", worms) == "C"


def test_two_options_with_one_text_are_ambiguous_by_text() -> None:
    twice = parse_options("Q?\nA) same\nB) same\nC) other")
    assert extract_choice("same", twice) is None
    assert extract_choice("B) same", twice) == "B"


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
        ("oui\nvraiment", "oui", True),
        ("C#", "C++", False),
        ("", "", False),
        ("Paris", "", False),
    ],
)
def test_letters_and_texts_meet(prediction: str, reference: str, right: bool) -> None:
    assert accuracy([prediction], [reference], [QUESTION]) == [float(right)]


def test_without_options_a_letter_is_a_letter() -> None:
    assert accuracy(["The answer is D.", "d"], ["D", "D"], ["Which?", "Which?"]) == [1.0, 1.0]
