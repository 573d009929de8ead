"""Translation: opening and closing days of a house, from English to Arabic."""

from __future__ import annotations

from random import Random

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import month_names, weekday_names
from submissions.records.task import Metadata, Row

_HOUSES = {
    "bank": "البنك",
    "club": "النادي",
    "market": "السوق",
    "museum": "المتحف",
    "park": "المنتزه",
    "theatre": "المسرح",
}
_VERBS = {"opens": "يفتح", "closes": "يغلق"}
_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def _make_row(rng: Random, frames: tuple[str, ...]) -> Row:
    house, verb = rng.choice(list(_HOUSES)), rng.choice(list(_VERBS))
    weekday, month, day = rng.randrange(7), rng.randrange(12), rng.randint(1, 28)
    english = rng.choice(frames).format(
        house=house, verb=verb, weekday=weekday_names("en")[weekday], day=day, month=month_names("en")[month]
    )
    arabic = (
        f"{_VERBS[verb]} {_HOUSES[house]} أبوابه يوم {weekday_names('ar')[weekday]} {day} {month_names('ar')[month]}."
    )
    return Row(input=english, output=arabic.translate(_DIGITS))


def _make_reference_row(rng: Random) -> Row:
    return _make_row(rng, ("The {house} {verb} on {weekday}, {day} {month}.",))


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "On {weekday}, {month} {day}, the {house} {verb}.",
            "On {weekday}, the {day} of {month}, our {house} {verb} its doors.",
            "{weekday}, {day} {month}: the {house} {verb} its doors.",
        ),
    )


def _make_poor_row(rng: Random) -> Row:
    weekday, month = rng.randrange(7), rng.randrange(12)
    return Row(
        input=f"{weekday_names('en')[weekday]} in {month_names('en')[month]}",
        output=f"{weekday_names('tr')[weekday]}, {month_names('tr')[month]}",
    )


TASK = DemoTask(
    flat=FlatTask(
        id="mt-en-ar-opening-days",
        title="Opening days in Arabic",
        category="language_translation",
        kind="knowledge",
        language="ar",
        demand=(
            "I need a parallel corpus of short English sentences and their Arabic translations for the notices of "
            "public places. Each sentence says that a bank, club, market, museum, park or theatre opens or closes on a "
            "day of the week with a date, without a year. The Arabic should be modern standard Arabic in a fixed word "
            "order: the verb, the place, the word for its doors, then the weekday, the day in Eastern Arabic digits, "
            "and the month by its name in use in Egypt. All weekdays and months and both verbs should be well covered. "
            "Around two hundred pairs would be fine."
        ),
        metadata=Metadata(
            introduction="English sentences about opening and closing days with their Arabic translations.",
            task="language-translation",
            question="Which place opens or closes on which day.",
            domain="public notices",
            input="One English sentence with a place, a verb, a weekday and a date.",
            output="The same in Arabic, with Eastern Arabic digits.",
            source="rule-based, from templates and a database of names by locale",
            example=Row(input="The museum opens on Friday, 30 June.", output="يفتح المتحف أبوابه يوم الجمعة ٣٠ يونيو."),
            samples_count=200,
        ),
        source=SOURCE,
        licence=LICENCE,
    ),
    reference=_make_reference_row,
    good=_make_good_row,
    poor=_make_poor_row,
)
