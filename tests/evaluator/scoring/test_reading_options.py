"""Options of questions and answers in unusual forms: scripts, names that hold a letter, lines, sets."""

from __future__ import annotations

import pytest

from evaluator.scoring.metrics.multiple_choice import accuracy, extract_choice, judge_choices, parse_options

CITIES = "?\nA) London\nB) Paris\nC) Rome\nD) Berlin"
VITAMINS = "?\nA) Vitamin C\nB) Vitamin B\nC) Vitamin A\nD) Vitamin D"
PRIMES = "?\nA. 2\nB. 3\nC. 4\nD. 5"
NUMBERED = "?\n1. x\n2. y\n3. z"


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("?\n**A.** x\n**B.** y", {"A": "x", "B": "y"}),
        ("?\n- A) x\n- B) y", {"A": "x", "B": "y"}),
        ("?\nA - x\nB - y", {"A": "x", "B": "y"}),
        ("?\n[A] x\n[B] y", {"A": "x", "B": "y"}),
        ("?\nOption A: x\nOption B: y", {"A": "x", "B": "y"}),
        ("?\nA.北京B.上海", {"A": "北京", "B": "上海"}),
        ("?\n①東京 ②パリ", {"1": "東京", "2": "パリ"}),
        ("?\n❶ x\n❷ y", {"1": "x", "2": "y"}),
        ("?\n١) x\n٢) y", {"1": "x", "2": "y"}),
        ("?\nI) x\nII) y\nIII) z", {"I": "x", "II": "y", "III": "z"}),
        ("?\nالف) x\nب) y", {"الف": "x", "ب": "y"}),
        ("?\nأ. x ب. y", {"أ": "x", "ب": "y"}),
        ("?\nα) x\nβ) y", {"Α": "x", "Β": "y"}),
        ("?\nㄱ. x\nㄴ. y", {"ㄱ": "x", "ㄴ": "y"}),
        ("?\n(1) x (2) y", {"1": "x", "2": "y"}),
        ("? Choices: ['x', 'y']", {"A": "x", "B": "y"}),
        ("? {'A': 'x', 'B': 'y'}", {"A": "x", "B": "y"}),
        ("? {'text': ['x', 'y'], 'label': ['1', '2']}", {"1": "x", "2": "y"}),
        ("?\nक) x\nख) y", {"क": "x", "ख": "y"}),
        ("किताब) x\nखेल) y", {}),
    ],
)
def test_marks_of_every_form_are_found(question: str, options: dict[str, str]) -> None:
    assert parse_options(question) == options


@pytest.mark.parametrize(
    ("question", "answer", "gold"),
    [
        (VITAMINS, "The answer is Vitamin C", "A"),
        (VITAMINS, "Lack of vitamin B", "B"),
        (VITAMINS, "C", "C"),
        (VITAMINS, "The answer is C", "C"),
        (VITAMINS, "C) Vitamin A", "C"),
        (VITAMINS, "A, Vitamin C", "A"),
        (VITAMINS, "Vitamin C (A)", "A"),
        ("?\nA) Type O\nB) Type A\nC) Type B", "B, Type A", "B"),
        ("?\nA. 维生素C\nB. 维生素A", "答案是维生素A", "B"),
        ("?\nA. ビタミンC\nB. ビタミンA", "ビタミンAです", "B"),
        ("?\nA) C\nB) C++\nC) C#", "It is C++.", "B"),
        ("?\nA) 12\nB) 120\nC) 1200", "The result is 1,200.", "C"),
        ("?\nA) True\nB) False", "B. False", "B"),
        ("?\nA. Đúng\nB. Sai", "Sai", "B"),
        ("?\nA) Yes\nB) No", "No.", "B"),
        ("?\nA) x\nB) None of the above", "None of the above", "B"),
        ("?\nA) x\nB) I do not know", "I do not know", "B"),
        ("?\nA) same\nB) same", "The answer is B, same", "B"),
        ("?\nक) a\nख) b", "उत्तर ख है", "ख"),
        ("?\nI) a\nII) b\nIII) c", "I think it is III", "III"),
        ("?\nα) a\nβ) b", "Το β", "Β"),
        ("?\nА) x\nБ) y\nВ) z", "Ответ: B", "В"),
        ("?\nA) x\nB) y\nC) z", "Ответ: С", "C"),
        ("?\nก. a\nข. b", "B", "ข"),
        (NUMBERED, "2", "2"),
        (NUMBERED, "Option 2", "2"),
        (NUMBERED, "정답은 2번입니다", "2"),
        (NUMBERED, "2番です", "2"),
        (NUMBERED, "② y", "2"),
        (NUMBERED, "There are 2 things", None),
        (NUMBERED, "2.5", None),
        (NUMBERED, "-2", None),
        ("?\nक) a\nख) b", "किताब", None),
        ("?\nक) a\nख) b", "खेल", None),
        ("?\nক) a\nখ) b", "কোনটি জানি না", None),
        ("?\nก. a\nข. b", "ขนม", None),
    ],
)
def test_an_option_is_named_by_its_text_or_mark(question: str, answer: str, gold: str | None) -> None:
    assert extract_choice(answer, parse_options(question)) == gold


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("B", "right_letter"),
        ("Paris", "right_text"),
        ("The answer is:\n\nB", "right_letter"),
        ("Here is what I think:\nParis", "right_text"),
        ("A is tempting.\nAnswer: B", "right_letter"),
        ("A is tempting. The answer is B.", "right_letter"),
        ("Answer: B\nAnswer: B", "right_letter"),
        ("Answer: A\nAnswer: B", "ambiguous"),
        ("Answer: B\nI mean: the answer is C", "ambiguous"),
        ("Answer: A\nbecause B and C are wrong", "other_option"),
        ("Final answer: \\boxed{B}", "right_letter"),
        ("\\boxed{A} or \\boxed{B}", "ambiguous"),
        ("#### B", "right_letter"),
        ("<think>A? C?</think>\nB", "right_letter"),
        ("<answer>B</answer>", "right_letter"),
        ("```\nB\n```", "right_letter"),
        ('{"answer": "B", "reason": "A is wrong"}', "right_letter"),
        ("I think so\nB", "unread"),
        ("not B", "denied"),
        ("It is Paris, not London", "right_text"),
        ("It is not Paris", "denied"),
        ("B because A is wrong", "right_letter"),
        ("B or something: B or C", "ambiguous"),
        ("C", "other_option"),
        ("", "empty"),
        ("I refuse", "unread"),
    ],
)
def test_the_line_that_counts_is_read(answer: str, verdict: str) -> None:
    assert judge_choices([answer], ["B"], [CITIES]) == [verdict]


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("A, B, D", "ABD", True),
        ("ABD", "A, B, D", True),
        ("D, B and A", "ABD", True),
        ("A、B、D", "A,B,D", True),
        ("A/B/D", "A B D", True),
        ("The answers are A, B and D", "ABD", True),
        ("答案是ABD", "ABD", True),
        ("2, 3 and 5", "ABD", True),
        ("A) 2, B) 3, D) 5", "ABD", True),
        ("A and B", "ABD", False),
        ("A, B, C, D", "ABD", False),
        ("A or B or D", "ABD", False),
        ("A", "ABD", False),
        ("abd", "ABD", False),
        ("A, B", "A", False),
    ],
)
def test_several_right_options_are_a_set(answer: str, gold: str, right: bool) -> None:
    assert accuracy([answer], [gold], [PRIMES]) == [float(right)]


def test_real_question_forms_read_alike_in_each_position() -> None:
    question = "Câu nào đúng?\nA. một\nB. hai\nC. ba\nD. bốn"
    for phrase in ("{} là đáp án đúng", "Đáp án: {}", "Chọn {} vì nó đúng", "{}"):
        assert accuracy([phrase.format(mark) for mark in "ABCD"], list("ABCD"), [question] * 4, "vi") == [1.0] * 4
