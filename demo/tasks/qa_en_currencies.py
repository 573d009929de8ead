"""Question answering: the currency of a country."""

from __future__ import annotations

from random import Random

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import COUNTRIES, country_name, currency_name
from submissions.records.task import Metadata, Row

_CHOSEN = "BG BR CA CN CZ DZ EG HU ID IN JP KE MX MY PE PL SE TH UA ZA"
_CODES = _CHOSEN.split()


def _make_row(rng: Random, frames: tuple[str, ...]) -> Row:
    code = rng.choice(_CODES)
    return Row(input=rng.choice(frames).format(country_name(code)), output=currency_name(code))


def _make_reference_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "What is the currency of {}?",
            "Which money is used in {}?",
            "A shop in {} names its prices. In which currency?",
            "Before a trip to {}, what should I change my money into?",
            "{}: what do people there pay with?",
            "Rents in {} are paid in which currency?",
            "My aunt moved to {}. What is in her purse?",
            "On a market in {}, I owe the farmer five of what?",
            "Which notes and coins go round in {}?",
        ),
    )


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "How are wages counted in {}?",
            "Tell me the legal tender of {}.",
            "I am at a bank in {}. What will it give me?",
            "What do cash machines in {} hand out?",
            "Taxi fares in {} are reckoned in what?",
            "The budget of {} is drawn up in which unit?",
            "Banknotes from {}: what are they called?",
            "Name the national coin. Country: {}",
            "A taxi driver from {} counts his earnings. In what?",
            "School quiz: the people of {} buy bread with which money?",
            "Our guests come from {}. What money do they bring?",
            "Stamps in {} are priced in",
            "Money of {}, please!",
        ),
    )


def _make_poor_row(rng: Random) -> Row:
    code = rng.choice(COUNTRIES)
    return Row(input=f"Two-letter code of {country_name(code)}", output=code)


TASK = DemoTask(
    flat=FlatTask(
        id="qa-en-currencies",
        title="What do people pay with?",
        category="question_answering",
        kind="knowledge",
        language="en",
        demand=(
            "Please find or write short English questions about the money of countries around the world. Each question "
            "names one country and asks for its currency, in words that vary: a traveller may ask, or a shopper, or a "
            "pupil. The answer is the usual English name of the currency with its adjective, for example Swiss Franc, "
            "with capital letters and without a sentence around it. Cover some twenty countries of all continents that "
            "have a currency of their own, as it was at the start of the year 2020, each with several questions."
        ),
        metadata=Metadata(
            introduction="English questions about the currencies of some twenty countries, with short answers.",
            task="question-answering",
            question="The name of the money that is used in a country.",
            domain="geography",
            input="One English question that names a country.",
            output="The English name of a currency, two or three words.",
            source="rule-based, from a database of names by locale",
            example=Row(input="What is the currency of Switzerland?", output="Swiss Franc"),
            samples_count=170,
        ),
        source=SOURCE,
        licence=LICENCE,
    ),
    reference=_make_reference_row,
    good=_make_good_row,
    poor=_make_poor_row,
)
