from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

import pytest

from evaluator.stages.screen import NearDuplicateSettings, screen_rows
from submissions.records.task import Row
from tests.support.multilingual_rows import LANGUAGES, Language

ROWS = 24


def template_rows(tag: str, count: int = ROWS) -> list[Row]:
    chance = Random(hashlib.sha256(tag.encode()).digest())
    return [LANGUAGES[tag.split("/")[0]].row(chance) for _ in range(count)]


def words_of(language: Language, row: Row) -> list[str]:
    """The words that a row was made of, found again by trying them longest first."""
    rest = row.input.removeprefix(language.instruction).strip("\n.")
    if language.blank:
        return rest.split(language.blank)
    words = []
    while rest:
        words.append(next(word for word in sorted(language.words, key=len, reverse=True) if rest.startswith(word)))
        rest = rest.removeprefix(words[-1])
    return words


def one_replaced(words: list[str], others: tuple[str, ...]) -> list[str]:
    return [*words[:9], next(word for word in others if word not in words), *words[10:]]


def two_swapped(words: list[str], _: tuple[str, ...]) -> list[str]:
    place = next(place for place in range(6, 15) if words[place] != words[place + 1])
    return [*words[:place], words[place + 1], words[place], *words[place + 2 :]]


def truncated(words: list[str], _: tuple[str, ...]) -> list[str]:
    return words[:15]


def with_more_before(words: list[str], others: tuple[str, ...]) -> list[str]:
    return [*others[:6], *words]


EDITS = (one_replaced, two_swapped, truncated, with_more_before)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("tag", LANGUAGES)
def test_lightly_edited_copies_are_found(tag: str, edit: Callable[[list[str], tuple[str, ...]], list[str]]) -> None:
    language, test = LANGUAGES[tag], template_rows(tag)
    mine = [language.told(edit(words_of(language, row), language.words), row.output) for row in test]
    found = screen_rows(mine, test)
    assert [(copy.row, copy.test_row, copy.how) for copy in found.copies] == [(n, n, "near") for n in range(ROWS)]
    assert min(copy.similarity for copy in found.copies) >= NearDuplicateSettings().similarity


@pytest.mark.parametrize("tag", LANGUAGES)
def test_case_and_signs_leave_a_copy_a_normalised_one(tag: str) -> None:
    test = template_rows(tag)
    mine = [Row(input=f"«{row.input.upper().replace(' ', '  ')}!»", output=row.output) for row in test]
    found = screen_rows([*mine, *test], test)
    assert (found.normalised, found.exact) == (tuple(range(ROWS)), tuple(range(ROWS, 2 * ROWS)))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_other_rows_of_the_same_template_are_kept(tag: str) -> None:
    found = screen_rows(template_rows(f"{tag}/other", 400), template_rows(tag, 200))
    assert found.removed == 0


def test_what_most_rows_share_does_not_make_them_alike_nor_hide_a_copy() -> None:
    test = template_rows("en")
    wrapping = "".join(f"Rule {word} before anything that follows. " for word in LANGUAGES["de"].words)
    copies = [Row(input=wrapping + row.input, output=row.output) for row in test]
    honest = [Row(input=wrapping + row.input, output=row.output) for row in template_rows("en/other", 40)]
    found = screen_rows([*copies, *honest], test)
    assert found.near == tuple(range(ROWS))


def test_a_copy_inside_a_longer_row_is_found_however_small_a_part_it_is() -> None:
    language, test, chance = LANGUAGES["en"], template_rows("en"), Random(3)
    words = [words_of(language, row) for row in test]
    added = [[f"{chance.randrange(10**12)}" for _ in range(40)] for _ in test]
    near = [language.told([*one[:5], *two], row.output) for one, two, row in zip(added, words, test, strict=True)]
    far = [language.told([*one, *two], row.output) for one, two, row in zip(added, words, test, strict=True)]
    found = screen_rows([*near, *far], test)
    assert found.near == tuple(range(2 * ROWS))


def test_one_row_copied_a_hundred_times_is_no_template() -> None:
    test = template_rows("en")
    mine = [Row(input=f"{test[3].input} {number}", output=test[3].output) for number in range(100)]
    found = screen_rows(mine, test)
    assert {(copy.how, copy.test_row) for copy in found.copies} == {("near", 3)}
    assert found.removed == 100


def about(passage: str, question: str, answer: str) -> Row:
    return Row(input=f"Read and answer.\n\n{passage}\n\nQuestion: {question}\nAnswer:", output=answer)


def passage(number: int) -> str:
    chance = Random(number)
    return " ".join(chance.choices(LANGUAGES["en"].words, k=80))


def test_another_question_about_the_same_passage_is_kept() -> None:
    test = [about(passage(number), "Who wrote the letter to the council?", f"Person {number}") for number in range(12)]
    others = [about(passage(number), "When was the bridge opened?", f"In {1900 + number}") for number in range(12)]
    edited = [
        about(passage(number), "Who wrote that letter to the council?", f"Person {number}") for number in range(12)
    ]
    found = screen_rows([*others, *edited], test)
    assert found.near == tuple(range(12, 24))


def test_a_question_that_is_reworded_is_found_by_its_long_answer() -> None:
    chance, words = Random(4), LANGUAGES["en"].words
    asked = [" ".join(chance.choices(LANGUAGES["de"].words, k=8)) for _ in range(12)]
    reworded = [" ".join(chance.choices(LANGUAGES["vi"].words, k=12)) for _ in range(12)]
    answers = [" ".join(words[number : number + 18]) for number in range(12)]
    test = [about(passage(number), asked[number], answers[number]) for number in range(12)]
    same = [about(passage(number), reworded[number], answers[number]) for number in range(12)]
    others = [about(passage(number), reworded[11 - number], answers[11 - number]) for number in range(12)]
    assert screen_rows([*same, *others], test).near == tuple(range(12))


def test_other_answers_do_not_save_a_row_whose_answer_is_a_label() -> None:
    language, test = LANGUAGES["en"], template_rows("en")
    other = {"praise": "blame", "blame": "praise"}
    mine = [language.told(one_replaced(words_of(language, row), language.words), other[row.output]) for row in test]
    assert screen_rows(mine, test).near == tuple(range(ROWS))


def test_a_few_common_words_are_no_copy() -> None:
    test = [Row(input=f"Translate.\n\n{word}", output=word.upper()) for word in LANGUAGES["en"].words]
    mine = [Row(input=f"Translate.\n\n{word}s", output=word.upper()) for word in LANGUAGES["en"].words]
    assert screen_rows(mine, test).near == ()


def test_rows_in_another_order_are_judged_alike() -> None:
    test = template_rows("zh")
    language = LANGUAGES["zh"]
    copies = [language.told(one_replaced(words_of(language, row), language.words), row.output) for row in test]
    mine = [*copies, *template_rows("zh/other", 40)]
    order = Random(1).sample(range(len(mine)), len(mine))
    one, other = screen_rows(mine, test), screen_rows([mine[number] for number in order], test)
    assert {mine[row].input for row in one.near} == {mine[order[row]].input for row in other.near}
    assert other.near == tuple(sorted(other.near))
    assert screen_rows(mine, test) == one


def test_the_submitter_sees_their_lines_and_nothing_of_the_reference() -> None:
    test = template_rows("en")
    mine = [*template_rows("en/other", 2), test[7], Row(input=test[9].input.upper(), output="?")]
    seen = screen_rows(mine, test).public
    assert (seen.removed_lines, seen.exact, seen.normalised, seen.near) == ((3, 4), 1, 1, 0)
    assert "test_row" not in seen.model_dump_json()
    assert screen_rows(mine, test).copies[0].test_row == 7


@pytest.mark.parametrize("mine", [[], [Row(input="?", output="!")], [Row(input="a", output="b")]])
@pytest.mark.parametrize("test", [[], [Row(input="c", output="d")], [Row(input=":", output=";")] * 9])
def test_nothing_to_compare_is_no_copy(mine: list[Row], test: list[Row]) -> None:
    assert screen_rows(mine, test).removed == 0


def test_of_a_long_text_the_first_part_is_compared() -> None:
    chance = Random(5)
    test = [Row(input=" ".join(chance.choices(LANGUAGES["en"].words, k=300)), output="x") for _ in range(5)]
    mine = [
        Row(input=test[0].input + " and more" * 50, output="y"),
        Row(input="more " * 400 + test[1].input, output="y"),
    ]
    assert screen_rows(mine, test, NearDuplicateSettings(longest=1000)).near == (0,)
