"""Kinds of copies that a screen must find, and neighbours that it must keep, in several languages and scripts."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from evaluator.stages.screen import normalize_text, screen_rows
from submissions.records.task import Row
from tests.support.multilingual_rows import LANGUAGES, Language

ROWS = 12


def own_text(language: Language, chance: Random, sentences: int) -> str:
    made = [
        language.blank.join(chance.choices(language.words, k=9)) + ("。" if not language.blank else ".")
        for _ in range(sentences)
    ]
    return " ".join(made)


def exercise_rows(tag: str, count: int = ROWS) -> list[Row]:
    """Rows of three sentences with an answer of their own."""
    language, chance = LANGUAGES[tag], Random(f"{tag}/test")
    return [Row(input=own_text(language, chance, 3), output=own_text(language, chance, 1)) for _ in range(count)]


def filler(tag: str, letters: int, seed: int) -> str:
    language, chance, text = LANGUAGES[tag], Random(f"{tag}/{seed}"), ""
    while len(text) < letters:
        text += own_text(language, chance, 1) + "\n"
    return text


def pad_before(row: Row, tag: str, seed: int) -> Row:
    return Row(input=filler(tag, 10 * len(row.input), seed) + row.input, output=row.output)


def pad_around(row: Row, tag: str, seed: int) -> Row:
    more = filler(tag, 2 * len(row.input), seed)
    return Row(input=f"{more}\n{row.input}\n{more[::-1]}", output=row.output)


@pytest.mark.parametrize("hide", [pad_before, pad_around])
@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_hidden_test_row_is_found(tag: str, hide: Callable[[Row, str, int], Row]) -> None:
    test = exercise_rows(tag)
    found = screen_rows([hide(row, tag, number) for number, row in enumerate(test)], test)
    assert [copy.test_row for copy in found.copies] == list(range(ROWS))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_test_row_in_the_other_field_is_found(tag: str) -> None:
    test = exercise_rows(tag)
    told = [Row(input=LANGUAGES[tag].instruction, output=f"{row.input}\n{row.output}") for row in test]
    swapped = [Row(input=row.output, output=row.input) for row in test]
    found = screen_rows([*told, *swapped], test)
    assert [copy.test_row for copy in found.copies] == [*range(ROWS), *range(ROWS)]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_five_test_rows_in_one_are_found_and_other_long_rows_kept(tag: str) -> None:
    test = exercise_rows(tag)
    five = Row(input="\n\n".join(row.input for row in test[2:7]), output="\n".join(row.output for row in test[2:7]))
    others = [Row(input=filler(tag, 2000, seed), output=filler(tag, 60, seed)) for seed in range(20)]
    assert screen_rows([*others, five], test).near == (20,)


DISGUISES = {
    "Cyrillic": ("aeopcxyisj", "аеорсхуіѕј"),
    "Cyrillic capitals": ("ABEKMHOPCTXaeopc", "АВЕКМНОРСТХаеорс"),
    "Greek": ("aopvuABEHKMNOPTX", "αορνυΑΒΕΗΚΜΝΟΡΤΧ"),
    "Armenian": ("honu", "հօոս"),
    "Cherokee capitals": ("ABDEHKMRTW", "ᎪᏴᎠᎬᎻᏦᎷᎡᎢᎳ"),
}
ENGLISH = [
    "A baker Drops Three trays of rolls before noon. How many trays were left on the oven rack?",
    "The harbour master counts every boat that Enters. Which boat carried the copper coins?",
    "Which Museum Kept the painted clock after the Great fire? Name the museum and its town.",
    "Each apprentice copies one page per hour. When do both of them finish the whole chapter?",
]


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("short", [False, True])
def test_look_alike_letters_hide_nothing(disguise: str, short: bool) -> None:
    texts = [text.partition(". ")[0] if short else text for text in ENGLISH]
    table = str.maketrans(*DISGUISES[disguise])
    test = [Row(input=text, output=str(number)) for number, text in enumerate(texts)]
    mine = [Row(input=row.input.translate(table), output=row.output) for row in test]
    assert all(one.input != other.input for one, other in zip(mine, test, strict=True))
    assert screen_rows(mine, test).removed == len(test)


def test_words_of_two_scripts_and_true_cyrillic_are_left_as_they_are() -> None:
    test = [Row(input="Что такое Python и зачем нужна вода?", output="язык")]
    assert screen_rows([Row(input="ЧТО ТАКОЕ PYTHON И ЗАЧЕМ НУЖНА ВОДА", output="язык")], test).normalised == (0,)
    assert screen_rows([Row(input="Что такое Ruby и зачем нужна соль?", output="язык")], test).removed == 0


EXERCISES = [
    ("What is 12 + 5?", "What is 12 * 5?"),
    ("What is 12 - 5?", "What is 5 - 12?"),
    ("Round 3.5", "Round 35"),
    ("If n = 10, name n", "If n = 6, name n"),
    ("Is 7 > 3?", "Is 7 < 3?"),
    ("Is x ≤ 3?", "Is x >= 3?"),
    ("Solve 3x + 5 = 20", "Solve 3x - 5 = 20"),
    ("Find |x| for x = -8", "Find |x| for x = 8"),
    ("(2 + 3) * 4", "2 + (3 * 4)"),
    ("计算 12 ÷ 4 的值", "计算 12 × 4 的值"),
    ("احسب ٣ + ٤", "احسب ٣ - ٤"),
    ("Сколько будет 2,5 : 5 = ?", "Сколько будет 25 : 5 = ?"),
    ("x² + 1", "x2 + 1"),
    ("5% of 80", "5 of 80"),
    ("What is C++?", "What is C#?"),
    ("1 2 3", "12 3"),
    ("a / b", "a - b"),
]


@pytest.mark.parametrize(("one", "other"), EXERCISES)
def test_signs_and_numbers_make_another_exercise(one: str, other: str) -> None:
    assert normalize_text(one) != normalize_text(other)
    for mine, test in ((one, other), (other, one)):
        assert screen_rows([Row(input=mine, output="1")], [Row(input=test, output="2")]).removed == 0


@pytest.mark.parametrize(
    ("copy", "test"),
    [
        ("WHAT IS 12+5", "What is 12 + 5?"),
        ("what is\n12 − 5 = ?", "What is 12 - 5?"),
        ("12 × 5", "12 * 5"),
        ("٣ + ٤", "3 + 4"),
        ("3,5 + 1", "3.5 + 1"),
        ("1,000 + 1", "1000 + 1"),
        ("x² + 1", "x^2 + 1"),
        ("5 >= 3", "5 ≥ 3"),
        ("COVID 19 in well known towns", "COVID-19 in well-known towns."),
        ("p 0 01 and q 0 05 and r 0 1", "p<0.01, and q<0.05; and r<0.1"),
    ],
)
def test_the_form_of_an_exercise_is_no_other_exercise(copy: str, test: str) -> None:
    assert screen_rows([Row(input=copy, output="1")], [Row(input=test, output="1")]).normalised == (0,)


FORMS = (
    "What is {a} {op} {b}?",
    "Tom has {a} apples, buys {b} more at the market and gives {c} of them to his sister. How many apples are left?",
    "Let k = {a} {op} {b}. Let n = k + {c}. Suppose n*y - 3*y = {b}. What is y?",
    "若 n = {a},求 {b}n {op} {c} 的值。",
    "Решите уравнение {a}x {op} {b} = {c} и запишите ответ десятичной дробью.",
    "احسب قيمة {a} {op} {b} ثم اطرح {c} من الناتج.",
)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_digits_cut_elsewhere_are_other_numbers(form: str) -> None:
    one, other = (form.format(a=a, b=b, c=3, op="+") for a, b in ((24, 8), (2, 48)))
    assert screen_rows([Row(input=one, output="yes")], [Row(input=other, output="yes")]).removed == 0


@pytest.mark.parametrize("form", FORMS)
def test_disjoint_exercises_are_kept_and_copies_of_them_found(form: str) -> None:
    chance, made = Random(form), {}
    while len(made) < 400:
        a, b, c = (chance.randint(1, 99) for _ in range(3))
        text = form.format(a=a, b=b, c=c, op=chance.choice("+-*/"))
        made[text] = Row(input=text, output=str(a * b - c))
    mine, test = [*made.values()][:200], [*made.values()][200:]
    assert screen_rows(mine, test).removed < 2
    copies = [Row(input=row.input.upper().replace(" ", "  "), output=row.output) for row in test]
    copies += [Row(input=row.input.replace(" ", "\n").rstrip("?.。"), output=row.output) for row in test]
    assert screen_rows(copies, test).removed == len(copies)


QUESTIONS = {
    "en": ("Who kept the {} near the {}?", "When was the {} given to the {}?"),
    "de": ("Wer bewahrte {} neben {} auf?", "Wann wurde {} an {} gegeben?"),
    "ru": ("Кто хранил {} рядом с {}?", "Когда {} передали в {}?"),
    "zh": ("是谁把{}放在{}旁边的?", "什么时候{}被送到了{}?"),
    "ar": ("من الذي احتفظ {} بجانب {}؟", "متى أعطيت {} إلى {}؟"),
    "hi": ("{} को {} के पास किसने रखा?", "{} कब {} को दिया गया?"),
    "vi": ("Ai đã giữ {} ở gần {}?", "Khi nào {} được trao cho {}?"),
}


def passage_rows(tag: str) -> tuple[list[Row], list[Row]]:
    """Questions on the same passages, half and half; several answers occur twice or more."""
    language, chance = LANGUAGES[tag], Random(tag)
    halves: tuple[list[Row], list[Row]] = ([], [])
    for _ in range(30):
        passage = own_text(language, chance, 6)
        for number in range(6):
            question = QUESTIONS[tag][number % 2].format(*chance.sample(language.words, 2))
            answer = chance.choice(
                [language.blank.join(chance.sample(language.words, 2)), str(chance.randint(1800, 2000))]
            )
            halves[number // 3].append(Row(input=f"{passage}\n\n{question}", output=answer))
    return halves


@pytest.mark.parametrize("tag", QUESTIONS)
def test_other_questions_on_the_same_passages_are_kept_and_copies_of_them_found(tag: str) -> None:
    mine, test = passage_rows(tag)
    assert screen_rows(mine, test).removed <= 0.02 * len(mine)
    hidden = [Row(input=filler(tag, 500, number) + row.input, output=row.output) for number, row in enumerate(test)]
    assert screen_rows(hidden, test).removed >= 0.98 * len(hidden)


def test_an_answer_that_two_test_rows_share_is_no_label() -> None:
    lake = "The lake is fed by five streams; the longest, the Orra, freezes in December, and its ferry runs in May."
    test = [
        Row(input=f"{lake}\n\nHow many streams feed the lake?", output="five"),
        Row(input="A hand has fingers.\n\nHow many fingers has it?", output="five"),
        Row(input="Bees make honey.\n\nWhat do bees make?", output="honey"),
    ]
    mine = [Row(input=f"{lake}\n\nWhich is the longest of the streams?", output="the Orra")]
    assert screen_rows(mine, test).removed == 0
