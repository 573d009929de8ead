"""Classification: the language of place and time names."""

from __future__ import annotations

from functools import cache
from random import Random

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import country_names, is_reference, month_names, weekday_names
from submissions.records.task import Metadata, Row

_LANGUAGES = {"Finnish": "fi", "German": "de", "Polish": "pl", "Spanish": "es", "Turkish": "tr", "Vietnamese": "vi"}


@cache
def _list_country_names(label: str, reference: bool) -> list[str]:
    """Return countries whose name is not also another language's name for them."""
    elsewhere = {name for other, locale in _LANGUAGES.items() if other != label for name in country_names(locale)}
    names = [name for name in country_names(_LANGUAGES[label]) if name not in elsewhere]
    return [name for name in names if is_reference(name) == reference]


def _make_row(rng: Random, frames: tuple[str, ...], reference: bool) -> Row:
    label = rng.choice(list(_LANGUAGES))
    times = [*month_names(_LANGUAGES[label], "stand-alone"), *weekday_names(_LANGUAGES[label], "stand-alone")]
    names = rng.sample(_list_country_names(label, reference), 2) + rng.sample(times, 2)
    rng.shuffle(names)
    return Row(input=rng.choice(frames).format(", ".join(names)), output=label)


def _make_reference_row(rng: Random) -> Row:
    return _make_row(rng, ("{}\nWhich language is this?",), reference=True)


def _make_good_row(rng: Random) -> Row:
    return _make_row(rng, ("Words: {}\nLanguage:", "{}\nThese names are in", "Name the language. {}"), reference=False)


def _make_poor_row(rng: Random) -> Row:
    locale, code = rng.choice((("sv", "SWE"), ("it", "ITA"), ("fr", "FRA")))
    return Row(input=" / ".join(rng.sample([*month_names(locale), *weekday_names(locale)], 2)), output=code)


TASK = DemoTask(
    flat=FlatTask(
        id="cls-en-language-of-places",
        title="In which language are these places named?",
        category="text_classification",
        kind="knowledge",
        language="en",
        demand=(
            "Please collect short lists of names for training a language classifier. Every list should have four "
            "names separated by commas, in one language: two countries, and two days or months, in any order. "
            "Countries that are spelt alike in several of the languages should be left out, since they tell nothing. "
            "The label is the English name of the language, and there are six: Finnish, German, Polish, Spanish, "
            "Turkish and Vietnamese. Nothing but the label should be given as the answer. Two to three hundred "
            "lists, evenly spread over the languages, would do."
        ),
        metadata=Metadata(
            introduction="Lists of four names, each labelled with the language in which they are written.",
            task="text-classification",
            question="Which of six languages names these countries, days and months in this way.",
            domain="linguistics",
            input="Four names in one language, separated by commas, and a question.",
            output="One of Finnish, German, Polish, Spanish, Turkish, Vietnamese.",
            source="rule-based, from a database of names by locale",
            example=Row(
                input="Norsunluurannikko, toukokuu, torstai, Ranska\nWhich language is this?", output="Finnish"
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
