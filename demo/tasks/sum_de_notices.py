"""Summaries: the one line that matters in a notice of a German town."""

from __future__ import annotations

from random import Random

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import month_names, weekday_names
from submissions.records.task import Metadata, Row

_HOUSES = {
    "Hallenbad": "das",
    "Rathaus": "das",
    "Heimatmuseum": "das",
    "Bücherei": "die",
    "Musikschule": "die",
    "Sporthalle": "die",
    "Wertstoffhof": "der",
    "Tierpark": "der",
}
_REASONS = (
    "Bauarbeiten",
    "Krankheit",
    "einer Feier",
    "eines Umzugs",
    "eines Stromausfalls",
    "eines Wasserschadens",
    "der Ferien",
    "der Inventur",
)


def _make_row(rng: Random, before: tuple[str, ...], frames: tuple[str, ...], after: tuple[str, ...]) -> Row:
    house, reason = rng.choice(list(_HOUSES)), rng.choice(_REASONS)
    date = f"{rng.randint(1, 28)}. {rng.choice(month_names('de'))}"
    the_house = f"{_HOUSES[house]} {house}"
    core = rng.choice(frames).format(house=the_house, day=rng.choice(weekday_names("de")), date=date, reason=reason)
    notice = f"{rng.choice(before)} {core[0].upper()}{core[1:]} {rng.choice(after)}"
    return Row(input=notice, output=f"{house} ab {date} geschlossen wegen {reason}.")


def _make_reference_row(rng: Random) -> Row:
    return _make_row(
        rng,
        ("Liebe Bürgerinnen und Bürger!", "Wir bitten um Beachtung.", "Eine Mitteilung der Stadt:"),
        (
            "{house} bleibt ab {day}, dem {date}, wegen {reason} geschlossen.",
            "wegen {reason} ist {house} ab {day}, dem {date}, nicht zugänglich.",
        ),
        ("Wir danken für Ihr Verständnis.", "Näheres steht am Aushang.", "Telefonisch sind wir weiter erreichbar."),
    )


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        ("Guten Tag.", "Hinweis für alle Gäste:", "Aus dem Amtsblatt:", "Bitte weitersagen!"),
        (
            "ab {date} ({day}) macht {house} wegen {reason} zu.",
            "{day}, {date}: Von da an schließt {house} wegen {reason}.",
            "wegen {reason} hat {house} vom {date} an, einem {day}, nicht auf.",
        ),
        ("Kommen Sie später wieder!", "Das Ende wird noch bekannt gegeben.", "Es tut uns leid.", "Bis bald!"),
    )


def _make_poor_row(rng: Random) -> Row:
    day, month = rng.choice(weekday_names("en")), rng.choice(month_names("en"))
    house = rng.choice(("library", "pool", "museum"))
    return Row(input=f"The {house} opens on the first {day} of {month}. Come and visit.", output="Come and visit.")


TASK = DemoTask(
    flat=FlatTask(
        id="sum-de-notices",
        title="A town's notices in one line",
        category="text_summarization",
        kind="reasoning",
        language="de",
        demand=(
            "Gesucht werden kurze amtliche Mitteilungen einer deutschen Kleinstadt mit einer Zusammenfassung in einer "
            "Zeile. Jede Mitteilung soll aus einer Anrede oder Einleitung, einem Satz mit der eigentlichen Nachricht "
            "und einer Schlussformel bestehen. Die Nachricht ist immer, dass eine öffentliche Einrichtung, etwa das "
            "Hallenbad oder die Bücherei, ab einem Tag mit Datum aus einem bestimmten Grund geschlossen ist. Die "
            "Zusammenfassung folgt dem Muster „Einrichtung ab Datum geschlossen wegen Grund.“, ohne Artikel vor der "
            "Einrichtung und ohne Wochentag. Der Wortlaut der Mitteilungen soll abwechslungsreich sein; zweihundert "
            "genügen."
        ),
        metadata=Metadata(
            introduction="German notices of a small town, each with a summary of one line.",
            task="text-summarization",
            question="Which public house is closed, from which date, and why.",
            domain="public administration",
            input="A German notice of three sentences, of which one carries the news.",
            output="One German line of the form: house, ab, date, geschlossen wegen, reason.",
            source="rule-based, from templates",
            example=Row(
                input=(
                    "Wir bitten um Beachtung. Das Stadtarchiv bleibt ab Montag, dem 30. Juni, wegen einer Prüfung der "
                    "Heizung geschlossen. Näheres steht am Aushang."
                ),
                output="Stadtarchiv ab 30. Juni geschlossen wegen einer Prüfung der Heizung.",
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
