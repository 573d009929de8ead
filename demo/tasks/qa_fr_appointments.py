"""Question answering: one detail of an appointment, in French."""

from __future__ import annotations

from random import Random

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import weekday_names
from submissions.records.task import Metadata, Row

_PEOPLE = ("Amina", "Bruno", "Driss", "Elsa", "Jules", "Nadia")
_PLACES = ("musée", "marché", "théâtre", "stade", "jardin", "cinéma")
_HOURS = ("neuf", "dix", "onze", "quatorze", "quinze", "seize")


def _make_row(rng: Random, frames: tuple[str, ...], questions: dict[str, str]) -> Row:
    facts = {
        "day": rng.choice(weekday_names("fr")),
        "hour": rng.choice(_HOURS),
        "who": rng.choice(_PEOPLE),
        "where": rng.choice(_PLACES),
    }
    question = rng.choice(list(questions))
    return Row(input=f"{rng.choice(frames).format(**facts)} {question}", output=facts[questions[question]])


def _make_reference_row(rng: Random) -> Row:
    return _make_row(
        rng,
        ("Rendez-vous au {where} avec {who}, le {day} à {hour} heures.",),
        {
            "Quel jour ?": "day",
            "À quelle heure ?": "hour",
            "Avec qui ?": "who",
            "Dans quel lieu ?": "where",
        },
    )


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "Note : {who}, {day}, au {where}, {hour} heures.",
            "À {hour} heures, {day}, on retrouve {who} au {where}.",
            "Viens {day} au {where} : {who} y sera à {hour} heures.",
        ),
        {
            "C'est quel jour ?": "day",
            "C'est à quelle heure ?": "hour",
            "C'est avec qui ?": "who",
            "C'est dans quel lieu ?": "where",
        },
    )


def _make_poor_row(rng: Random) -> Row:
    who, hour = rng.choice(_PEOPLE), rng.randint(1, 11)
    return Row(input=f"When does {who} come? {who} comes at {hour} o'clock.", output=f"At {hour} o'clock, of course.")


TASK = DemoTask(
    flat=FlatTask(
        id="qa-fr-appointments",
        title="Where, when and with whom?",
        category="question_answering",
        kind="reasoning",
        language="fr",
        subsets=("full", "pro"),
        demand=(
            "We want to teach a model to read French appointments. Each sample should have one short sentence that "
            "tells of a meeting with four details, namely a day of the week, an hour written as a word, a first name "
            "and a place with a masculine noun such as musée, and then one question about one of these details. The "
            "answer should be a single word copied from the sentence: the day in lower case, the hour without heures, "
            "the name, or the place without its article. Vary how the sentence is built and how the question is put, "
            "and ask for the four details about equally often."
        ),
        metadata=Metadata(
            introduction="French sentences about appointments, each with a question about one detail.",
            task="question-answering",
            question="Finding the day, the hour, the person or the place in a sentence.",
            domain="everyday life",
            input="A French sentence with four details, and a question about one of them.",
            output="One French word from the sentence.",
            source="rule-based, from templates",
            example=Row(
                input="Rendez-vous au café avec Claire, le dimanche à midi. Dans quel lieu ?",
                output="café",
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
