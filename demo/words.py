"""Names from the Unicode CLDR, through Babel."""

from __future__ import annotations

import datetime
import hashlib
from functools import cache
from typing import Literal

from babel import Locale
from babel.numbers import get_currency_name, get_territory_currencies

_CODES = (
    "AF AL AM AO AR AZ BD BG BH BI BO BR BW BY CA CL CN CO CR CV CZ DJ DO DZ EG ER ET FJ GE GH GM GN GT GY HN "
    "HU ID IN IQ IR IS JM JO JP KE KG KH KM KW KZ LA LB LK LR LY MD MG MN MR MU MV MW MX MY MZ NG NI NP OM PE "
    "PH PK PL PY QA RO RS RW SA SC SD SE SO SR SY TH TJ TM TN TR TZ UA UG UY UZ VE VN VU WS YE ZA ZM"
)
COUNTRIES = _CODES.split()
"""Countries with their own currency, by ISO 3166 code."""

_MONEY_DAY = datetime.date(2020, 1, 1)
"""Reference day for currencies in use, so that a rebuild does not depend on the date."""

Form = Literal["format", "stand-alone"]
"""Inflection of a name: as within a date, or by itself."""


@cache
def month_names(locale: str, form: Form = "format") -> tuple[str, ...]:
    """Return the twelve months, January first."""
    return tuple(Locale.parse(locale).months[form]["wide"].values())


@cache
def weekday_names(locale: str, form: Form = "format") -> tuple[str, ...]:
    """Return the seven days, Monday first."""
    days = Locale.parse(locale).days[form]["wide"]
    return tuple(days[number] for number in range(7))


@cache
def country_names(locale: str) -> tuple[str, ...]:
    """Return the names of COUNTRIES, in their order, without compound and bracketed names."""
    names = (Locale.parse(locale).territories.get(code, "") for code in COUNTRIES)
    return tuple(name for name in names if name and not set(name) & set("()&,/-"))


@cache
def country_name(code: str) -> str:
    """Return the English name of a country."""
    return str(Locale.parse("en").territories[code])


@cache
def currency_name(code: str) -> str:
    """Return the English name of a country's currency."""
    currency: str = get_territory_currencies(code, _MONEY_DAY)[0]
    return str(get_currency_name(currency, locale="en"))


def is_reference(word: str) -> bool:
    """Return whether a fact belongs to the reference set; the good system knows only the others."""
    return hashlib.sha256(word.encode()).digest()[0] % 2 == 0
