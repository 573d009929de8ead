"""Classification: the season some months after a date, in Russian."""

from __future__ import annotations

from random import Random

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import month_names
from submissions.records.task import Metadata, Row

_SEASONS = ("зима", "весна", "лето", "осень")
_LATER = {"месяц": 1, "полгода": 6}


def _make_row(rng: Random, frames: tuple[str, ...]) -> Row:
    month, later = rng.randrange(12), rng.choice(list(_LATER))
    season = _SEASONS[(month + 1 + _LATER[later]) % 12 // 3]
    date = f"{rng.randint(1, 28)} {month_names('ru')[month]}"
    return Row(input=rng.choice(frames).format(date=date, later=later), output=season)


def _make_reference_row(rng: Random) -> Row:
    return _make_row(rng, ("Сегодня {date}. Какое время года будет через {later}?",))


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "Письмо пришло {date}. Назовите время года через {later} после этого.",
            "Если начать счёт {date}, то какое время года настанет через {later}?",
            "Дом заложили {date}. Готов он был через {later}. Какое это время года?",
        ),
    )


def _make_poor_row(rng: Random) -> Row:
    month = rng.randrange(12)
    season = ("winter", "spring", "summer", "autumn")[(month + 1) % 12 // 3]
    return Row(input=f"{month_names('en')[month]} {rng.randint(1, 28)}", output=f"It is {season}.")


TASK = DemoTask(
    flat=FlatTask(
        id="cls-ru-seasons",
        title="Which season comes then?",
        category="text_classification",
        kind="reasoning",
        language="ru",
        subsets=("full", "pro"),
        demand=(
            "I am looking for short Russian questions in which one has to count on from a date and name the season. "
            "A question gives a day and a month, then says how much time passes, either a month or half a year, and "
            "asks for the time of year. The answer is one lower-case Russian word out of four: зима, весна, лето or "
            "осень, by calendar months as usual in Russia, so that December is already winter. All months and both "
            "spans of time should occur, with many different days. The wording of the questions may vary. About two "
            "hundred samples are enough."
        ),
        metadata=Metadata(
            introduction="Russian questions that ask for the season a month or half a year after a given date.",
            task="text-classification",
            question="Counting months on from a date and naming the season reached.",
            domain="calendar reasoning",
            input="A Russian sentence with a date, and a question with a span of time.",
            output="One of зима, весна, лето, осень.",
            source="rule-based, from templates",
            example=Row(input="Сегодня 30 июня. Какое время года будет через полгода?", output="зима"),
            samples_count=200,
        ),
        source=SOURCE,
        licence=LICENCE,
    ),
    reference=_make_reference_row,
    good=_make_good_row,
    poor=_make_poor_row,
)
