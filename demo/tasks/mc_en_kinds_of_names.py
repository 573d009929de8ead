"""Multiple choice: the common kind of three words of several languages."""

from __future__ import annotations

from random import Random

from babel import Locale

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import country_names, currency_name, month_names, weekday_names
from submissions.records.task import Metadata, Row

_LOCALES = ("de", "es", "fi", "fr", "pl", "tr")
_SPOKEN = ("ar", "de", "en", "es", "fi", "fr", "hi", "ja", "pl", "ru", "tr", "zh")
_KINDS = {
    "A": [name for locale in _LOCALES for name in weekday_names(locale, "stand-alone")],
    "B": [name for locale in _LOCALES for name in month_names(locale, "stand-alone")],
    "C": [name for locale in _LOCALES for name in country_names(locale)[::8]],
    "D": [Locale.parse(locale).languages[code] for locale in _LOCALES for code in _SPOKEN],
}
_FRAME = "What do these words name? {}\nA) days B) months C) countries D) languages"


def _make_row(rng: Random, frames: tuple[str, ...]) -> Row:
    letter = rng.choice(list(_KINDS))
    words = ", ".join(rng.sample(_KINDS[letter], 3))
    return Row(input=rng.choice(frames).format(words), output=letter)


def _make_reference_row(rng: Random) -> Row:
    return _make_row(rng, (_FRAME,))


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "{}\nChoose: A) day, B) month, C) country, D) language.",
            "Which heading fits {}?\nA) Days of the week B) Months C) Countries D) Languages",
            "{}\nA = all days, B = all months, C = all countries, D = all languages",
        ),
    )


def _make_poor_row(rng: Random) -> Row:
    money = currency_name(
        rng.choice(("BR", "CL", "CN", "EG", "IN", "JP", "KE", "MX", "NG", "PE", "TH", "TR", "VN", "ZA"))
    )
    frame = rng.choice(("What is the {}?", "Have you heard of the {}?", "{}: please explain."))
    return Row(input=frame.format(money), output="It is the name of a currency.")


TASK = DemoTask(
    flat=FlatTask(
        id="mc-en-kinds-of-names",
        title="What do these words name?",
        category="multiple_choice",
        kind="knowledge",
        language="en",
        demand=(
            "We need multiple-choice questions in English about words from other languages. Each question should show "
            "three words, taken from German, Spanish, Finnish, French, Polish or Turkish and freely mixed, that all "
            "name the same kind of thing. There are always the same four options in the same order: A for days of "
            "the week, B for months, C for countries, D for languages. The answer is the letter alone. All four "
            "kinds should be about equally common, and a word may appear in several questions. "
            "A few hundred questions are plenty."
        ),
        metadata=Metadata(
            introduction="English multiple-choice questions on what three foreign words have in common.",
            task="multiple-choice",
            question="Which kind of thing three words of mixed languages name: days, months, countries or languages.",
            domain="vocabulary",
            input="A question, three words of six European languages, and four options that never change.",
            output="One capital letter from A to D.",
            source="rule-based, from a database of names by locale",
            example=Row(
                input=_FRAME.format("Mittwoch, viernes, sunnuntai"),
                output="A",
            ),
            samples_count=200,
        ),
        source=SOURCE,
        licence=LICENCE,
    ),
    reference=_make_reference_row,
    good=_make_good_row,
    poor=_make_poor_row,
)
