"""Text normalization of arena@1: NFKC, case folded, split into words, numbers and signs that carry meaning.

Letters of scripts without blanks (Han, kana, Thai, Lao, Khmer, Burmese) are tokens of their own in every language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial

import regex

from evaluator.scoring.metrics.articles import select_article_dropper
from evaluator.scoring.metrics.numbers import (
    DATE,
    DECIMAL,
    FRACTION,
    SIGN,
    TIME,
    canonicalize_date,
    canonicalize_number,
    join_thousands,
    uses_decimal_comma,
)
from submissions.records.language_tags import primary_language

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts without blanks between words, as part of a character class."""
_DOTLESS = frozenset({"tr", "az", "tt", "crh"})
"""Languages with a dotless i."""

_INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_VOWEL_SIGNS = regex.compile(r"[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670]+")
"""Hebrew and Arabic points, and the stretching of Arabic letters."""
_DOTS = re.compile("i\u0307+")
"""What case folding makes of İ, or of an i with dots of its own."""
_DIGITS = regex.compile(r"(?![0-9])\p{Nd}")
_SIGNS = str.maketrans({"٫": ".", "٬": ",", "⁄": "/", "٪": "%", "−": "-", "–": "-"})
_UNITS = (
    "km|cm|mm|nm|µm|μm|m|kg|mg|µg|g|t|lbs?|oz|ml|dl|cl|l|kmh|kph|mph|mi|ft|yd|hz|khz|mhz|ghz|kb|mb|gb|tb|kw|mw|gw|w|kwh|"
    "kv|v|ma|pa|kpa|mpa|hpa|mol|kj|j|kcal|cal|ha|ac|h|hr|hrs|min|s|sec|ms|am|pm|usd|eur|gbp|rmb|yuan|bn|mn|k|m2|m3|km2|c|f|x|"
    "км|см|мм|м|кг|мг|г|т|мл|л|ч|мин|с|руб|млн|млрд"
)
"""Units that follow a number with or without a blank."""
_TOKEN = regex.compile(
    rf"(?P<date>{DATE})"
    rf"|(?P<time>{TIME})"
    rf"|(?P<fraction>{SIGN}(?:{FRACTION}))"
    rf"|(?P<number>{SIGN}{DECIMAL})(?!(?<=[0-9]{{4}})s)(?=(?:{_UNITS})?(?:(?![\p{{L}}\p{{M}}\p{{N}}])|[{UNSPACED}\p{{Hangul}}]))"
    rf"|[{UNSPACED}]\p{{M}}*"
    rf"|(?P<graded>(?<![\p{{L}}\p{{M}}\p{{N}}])[\p{{L}}\p{{N}}]{{1,3}}(?:\+{{1,2}}|#)(?![\p{{L}}\p{{N}}])"
    rf"|(?<![\p{{L}}\p{{M}}\p{{N}}])\p{{L}}{{1,2}}-(?![\p{{L}}\p{{N}}-]))"
    rf"|(?:(?![{UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])+"
    r"|[<>=≤≥≠±×÷%‰$€£¥₹₩₽°√∞π∈∪∩^]"
    r"|(?<=[\p{N}\p{L})]\s?)[+*/](?=\s?[\p{N}\p{L}(])(?<![\p{L}]{2}\s?[*/])"
    r"|(?<=(?:\p{N}|(?<!\p{L})\p{L}|\))\s)-(?=\s(?:\p{N}|\p{L}(?!\p{L})|\())"
)
_TAG = regex.compile(r"</?(?:b|i|u|em|strong|span|p|div|br|code|sub|sup)\s*/?>")
_SIGN_OR_DIGIT = re.compile(r"[0-9+#<>=%$^*/-]")
_SPECIAL = regex.compile(
    r"[0-9][.,:/'][0-9]|(?<![0-9A-Za-z])-[.0-9]|\.[0-9]|[0-9][A-Za-z]|[0-9]-[0-9]"
    r"|[+#<>=%$^*/]|[A-Za-z0-9]-(?![A-Za-z0-9])|\s-\s|[0-9] [0-9]{3}"
)
"""Anything for which an ASCII text has to be split by `_TOKEN`."""
_ASCII_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def fold_text(text: str, language: str = "") -> str:
    """Apply NFKC and case folding; remove invisible and vowel signs and outer blanks; Latin digits.

    In Turkish and Azeri `I` is the capital of `ı`; elsewhere `İ` is an i.
    """
    if language and primary_language(language) in _DOTLESS:
        text = text.replace("I", "ı").replace("İ", "i")
    if text.isascii():
        return text.lower().strip()
    shown = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    folded = _VOWEL_SIGNS.sub("", unicodedata.normalize("NFKC", shown.casefold()))
    folded = _DOTS.sub("i", folded).translate(_SIGNS)
    return _DIGITS.sub(lambda match: str(unicodedata.decimal(match[0], match[0])), folded).strip()


def split_words(text: str, language: str = "") -> list[str]:
    """Split text into folded tokens: words, letters of scripts without blanks, numbers, signs that carry meaning.

    Numbers, dates, times and fractions are one token each: 1,000 is 1000, 3.50 is 3.5, 2019/3/1 is 2019-03-01.
    """
    if _is_plain(text) and primary_language(language) not in _DOTLESS:
        return text.encode().translate(_ASCII_WORDS).decode().split()  # the same, four times as fast
    folded = _TAG.sub(" ", fold_text(join_thousands(text, language), language))
    comma = uses_decimal_comma(language)
    return [_shape_token(match, comma) for match in _TOKEN.finditer(folded)]


def _is_plain(text: str) -> bool:
    """Whether a text is ASCII without numbers and signs that need more than a cut at all signs."""
    return text.isascii() and (_SIGN_OR_DIGIT.search(text) is None or _SPECIAL.search(text) is None)


def _shape_token(match: regex.Match[str], comma: bool) -> str:
    kind, token = match.lastgroup, str(match[0])
    if kind == "number":
        return canonicalize_number(token, decimal_comma=comma)
    if kind in ("date", "between", "dmy"):
        return canonicalize_date(token)
    return "".join(token.split()) if kind == "fraction" else token


def join_words(text: str, language: str = "") -> str:
    """Join the tokens with single blanks; a text of other signs alone stays unchanged."""
    return " ".join(split_words(text, language)) or fold_text(text, language)


def tokenize_text(text: str, language: str) -> list[str]:
    """Split text into units of overlap metrics; a text of other signs alone is split at blanks."""
    return split_words(text, language) or fold_text(text, language).split()


@lru_cache(64)
def select_tokenizer(language: str) -> Callable[[str], list[str]]:
    """Return the tokenizer of a language."""
    return partial(tokenize_text, language=language)


@lru_cache(64)
def select_article_free_tokenizer(language: str) -> Callable[[str], list[str]]:
    """Return the tokenizer of a language that drops its articles."""
    drop = select_article_dropper(language)
    has_dots = primary_language(language) not in _DOTLESS
    search = _SIGN_OR_DIGIT.search

    def tokenize(text: str) -> list[str]:
        if has_dots and text.isascii() and search(text) is None:  # the short way of most answers
            tokens = text.encode().translate(_ASCII_WORDS).decode().split()
            return drop(tokens) if tokens else text.split()
        return drop(tokenize_text(text, language))

    return tokenize
