"""Answers of many languages, made from tables: each phrase by each option that may be right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from evaluator.scoring.metrics.multiple_choice import judge_choices
from evaluator.scoring.metrics.reading.answer_language import find_answer_language
from evaluator.scoring.metrics.reading.verdicts import RIGHT_VERDICTS
from tests.support.answer_phrases import LATIN, TONGUES, Tongue

FORMS = (
    "{m}|{m}.|({m})|**{m}**|{m})|[{m}]|{m}) {t}|{m}. {t}|**{m}.** {t}|{m}: {t}|{m} - {t}|{m}, {t}|{t} ({m})|{t}|"
    "{{'answer': '{m}'}}|\\boxed{{{m}}}|{m}\n{t}"
).split("|")
"""Forms of all languages."""
WITH_CAPITALS = {"ru", "uk", "bg", "el"}


@dataclass(frozen=True)
class Case:
    language: str
    phrase: str
    marks: tuple[str, ...]
    shown: tuple[str, ...]
    """Marks as the answer writes them."""
    is_right: bool
    """Whether the phrase names the option."""

    def judge(self, tongue: Tongue) -> list[bool]:
        """Judge the phrase for each option."""
        question = "?\n" + "\n".join(f"{mark}) {city}" for mark, city in zip(self.marks, tongue.cities, strict=True))
        answers = [
            self.phrase.format(m=mark, n=self.shown[(at + 1) % 4], t=city)
            for at, (mark, city) in enumerate(zip(self.shown, tongue.cities, strict=True))
        ]
        return [
            verdict in RIGHT_VERDICTS for verdict in judge_choices(answers, self.marks, [question] * 4, self.language)
        ]


def list_cases(language: str) -> Iterator[Case]:
    tongue = TONGUES[language]
    for marks in (LATIN, tongue.marks) if tongue.marks else (LATIN,):
        naming = (*FORMS, *tongue.naming, *tongue.small, *tongue.texts)
        yield from (Case(language, phrase, marks, marks, True) for phrase in naming)
        others = (*tongue.denying, *tongue.doubting, *tongue.refusing)
        yield from (Case(language, phrase, marks, marks, False) for phrase in others)
        if marks is LATIN or language in WITH_CAPITALS:
            small = tuple(mark.lower() for mark in marks)
            yield from (Case(language, phrase, marks, small, True) for phrase in tongue.small)


def test_the_corpus_is_large() -> None:
    assert len(TONGUES) >= 40
    assert sum(4 for language in TONGUES for _ in list_cases(language)) >= 1500


@pytest.mark.parametrize("language", TONGUES)
def test_a_phrase_means_the_same_of_each_option(language: str) -> None:
    judged = {
        (case.phrase, case.shown): (case.judge(TONGUES[language]), case.is_right) for case in list_cases(language)
    }
    assert {key: verdicts for key, (verdicts, is_right) in judged.items() if verdicts != [is_right] * 4} == {}


@pytest.mark.parametrize("language", "en de es fr it pt nl pl vi id tr ru ar hi zh ja ko th".split())
@pytest.mark.parametrize("tag", ["", "und"])
def test_options_are_named_alike_in_a_text_of_unknown_language(language: str, tag: str) -> None:
    cases = [case for case in list_cases(language) if case.is_right]
    unlike = {
        case.phrase
        for case in cases
        if Case(tag, *list(vars(case).values())[1:]).judge(TONGUES[language]) != [True] * 4
    }
    assert unlike == set()


UNREAD_ELSEWHERE = {"de": {"{m} stimmt"}}
"""Phrases without a word for `answer` or `wrong`, by which no language is told."""


@pytest.mark.parametrize("language", [language for language in TONGUES if language != "en"])
@pytest.mark.parametrize("tag", ["en", "vi", "ar"])
def test_an_answer_is_read_in_its_own_language_whatever_the_task_s_is(language: str, tag: str) -> None:
    tongue = TONGUES[language]
    naming = {*tongue.naming, *tongue.small} - (UNREAD_ELSEWHERE.get(language, set()) if tag == "en" else set())
    cases = [Case(tag, phrase, LATIN, LATIN, True) for phrase in naming]
    cases += [Case(tag, phrase, LATIN, LATIN, False) for phrase in tongue.denying]
    judged = {case.phrase: case.judge(tongue) for case in cases}
    expected = {case.phrase: [case.is_right] * 4 for case in cases}
    assert {phrase: each for phrase, each in judged.items() if each != expected[phrase]} == {}


@pytest.mark.parametrize("language", TONGUES)
def test_an_answer_in_the_task_s_language_is_taken_for_it(language: str) -> None:
    tongue = TONGUES[language]
    phrases = (*tongue.naming, *tongue.small, *tongue.denying, *tongue.refusing)
    answers = [phrase.format(m="B", n="C", t=tongue.cities[1]) for phrase in phrases]
    assert {answer: found for answer in answers if (found := find_answer_language(answer, language)) != language} == {}


@pytest.mark.parametrize(
    "answer",
    [
        "A war broke out",
        "A variant of B",
        "The alternative is B",
        "A solution in which no acid is left",
        "B, the exact value",
        "find . -type f -o -name B",
        "It is Mali.",
        "B) No es correcto means it is not right",
        "C",
        "",
    ],
)
def test_english_that_looks_like_another_language_stays_english(answer: str) -> None:
    assert find_answer_language(answer, "en") == "en"


@pytest.mark.parametrize("tag", ["", "und", "xx"])
def test_an_unknown_language_stays_unknown(tag: str) -> None:
    assert find_answer_language("A là đáp án đúng", tag) == tag
