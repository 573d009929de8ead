"""Language tags (BCP 47) in one canonical form, so that one language has one tag in all files."""

from __future__ import annotations

from functools import lru_cache

import langcodes
from langcodes.tag_parser import LanguageTagError

_CHINESE = frozenset({"zh", "cdo", "cjy", "cpx", "czh", "czo", "gan", "hak", "hsn", "lzh", "mnp", "nan", "wuu", "yue"})
"""Chinese languages: written with the same characters, and without blanks."""
_UNSPACED_LETTERS = frozenset(
    {*_CHINESE, "ja", "th", "lo", "km", "my", "shn", "mnw", "ksw", "kht", "khb", "tdd", "nod"}
)
"""Languages without blanks between words that metrics split into letters."""
_UNSPACED_SCRIPTS = frozenset({"Hani", "Hans", "Hant", "Jpan", "Hira", "Kana", "Hrkt", "Thai", "Laoo", "Khmr", "Mymr"})
"""Scripts without blanks between words that metrics split into letters (ISO 15924)."""
_UNCUT_SCRIPTS = frozenset({"Tibt", "Java", "Bali", "Lana", "Tavt", "Talu", "Tale", "Phag", "Cham", "Yiii", "Nshu"})
"""Scripts without blanks between words for which no metric has a tokenizer."""
_UNDETERMINED = "und"
_NO_COUNTRY = frozenset({"XX", "ZZ", "AA"})
"""Codes that stand for no country."""


class InvalidLanguageTag(ValueError):
    """A text that is no tag of a known language."""


@lru_cache(4096)
def canonicalize_tag(tag: str) -> str:
    """Return the canonical form of a language tag: `zh` for cmn, zho, zh-Hans and zh_CN, `zh-Hant` for zh_TW.

    A script or a region that the language has anyway is left out (CLDR's likely subtags). Raises InvalidLanguageTag
    for a text that is no tag, or has an unknown part.
    """
    try:
        standard = langcodes.standardize_tag(tag)
        parts = langcodes.Language.get(standard)
    except LanguageTagError as error:
        raise InvalidLanguageTag(f"{tag!r} is no language tag: {_advise(tag)}") from error
    is_undetermined = parts.language is None and standard.split("-")[0] == _UNDETERMINED
    if (parts.language is None and not is_undetermined) or not parts.is_valid() or "x" in standard.split("-"):
        raise InvalidLanguageTag(f"{tag!r} names no known language: {_advise(tag)}")
    if is_undetermined:
        return standard
    wide = langcodes.Language.get(langcodes.standardize_tag(tag, macro=True))
    return _drop_likely_parts(wide if wide.language != "zh" or parts.language in ("zh", "cmn") else parts)


@lru_cache(4096)
def primary_language(tag: str) -> str:
    """Return the language whose rules of writing apply to a tag: `zh` for yue, `ja` for jpn.

    A tag that is not valid, as older records may have, gives its first part in small letters.
    """
    try:
        language = canonicalize_tag(tag).split("-")[0]
    except InvalidLanguageTag:
        language = tag.replace("_", "-").split("-")[0].lower()
    return {"zh": "zh", "nb": "no", "nn": "no"}.get(language, "zh" if language in _CHINESE else language)


def is_written_unspaced(tag: str) -> bool:
    """Return whether the language is written without blanks and metrics split it into letters."""
    return _script_of(tag) in _UNSPACED_SCRIPTS or (
        _script_of(tag) is None and primary_language(tag) in _UNSPACED_LETTERS
    )


def lacks_tokenizer(tag: str) -> bool:
    """Return whether the language is written without blanks and no metric can split its words."""
    return _script_of(tag) in _UNCUT_SCRIPTS


def _script_of(tag: str) -> str | None:
    """Script in which a language is written, as stated or else as is usual; None if unknown."""
    try:
        parts = langcodes.Language.get(canonicalize_tag(tag))
    except InvalidLanguageTag:
        return None
    return parts.script or (parts.maximize().script if parts.language else None)


def _drop_likely_parts(parts: langcodes.Language) -> str:
    likely = langcodes.Language.make(language=parts.language).maximize()
    script = parts.script or parts.maximize().script
    kept = script if script and script != likely.script else None
    usual = langcodes.Language.make(language=parts.language, script=kept).maximize().territory
    region = parts.territory if parts.territory != usual else None
    shown = langcodes.Language.make(
        language=parts.language, script=kept, territory=region, variants=parts.variants, extensions=parts.extensions
    )
    return shown.to_tag()


def _advise(tag: str) -> str:
    """Name the tag that was probably meant: a country's code given for a language."""
    first = tag.replace("_", "-").split("-")[0].upper()
    country = langcodes.Language.make(territory=first) if len(first) == 2 and first.isascii() else None
    if country is not None and country.is_valid() and first not in _NO_COUNTRY:
        return f"{first} is a country; its language is {country.maximize().language!r}."
    return "use a BCP 47 tag such as en, pt-BR or zh-Hant, or und if the language is unknown."
