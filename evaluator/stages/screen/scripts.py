"""Scripts of texts and languages."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import regex

_SCRIPTS = (
    "Latin Cyrillic Greek Arabic Hebrew Devanagari Bengali Gurmukhi Gujarati Tamil Telugu Kannada Malayalam Sinhala "
    "Thai Lao Khmer Myanmar Han Hiragana Katakana Hangul Georgian Armenian Ethiopic Tibetan"
).split()
OTHER = "Other"
"""Letter of a script that is not distinguished."""
_SHARED = regex.compile(r"[\p{Common}\p{Inherited}]")
"""Letters of several scripts, such as the sign for a long vowel in both kana."""
_OF_SCRIPT = {script: regex.compile(rf"\p{{Script={script}}}") for script in _SCRIPTS}

_EXPECTED = {
    "zh": "Han",
    "yue": "Han",
    "ja": "Han Hiragana Katakana",
    "ko": "Hangul Han",
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb", "sd", "ug"), "Arabic"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "tg", "mn"), "Cyrillic"),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), "Devanagari"),
    **dict.fromkeys(("bn", "as"), "Bengali"),
    **dict.fromkeys(("am", "ti"), "Ethiopic"),
    **dict.fromkeys(("he", "yi"), "Hebrew"),
    "sr": "Cyrillic Latin",
    "pa": "Gurmukhi Arabic",
    "el": "Greek",
    "gu": "Gujarati",
    "ta": "Tamil",
    "te": "Telugu",
    "kn": "Kannada",
    "ml": "Malayalam",
    "si": "Sinhala",
    "th": "Thai",
    "lo": "Lao",
    "km": "Khmer",
    "my": "Myanmar",
    "ka": "Georgian",
    "hy": "Armenian",
    "bo": "Tibetan",
}
_ISO_15924 = {"Latn": "Latin", "Cyrl": "Cyrillic", "Arab": "Arabic", "Deva": "Devanagari"}


def expected_scripts(language: str) -> frozenset[str]:
    """Scripts of a language by its BCP 47 tag; a script subtag decides; Latin if unknown."""
    first, *rest = language.split("-")
    for part in rest:
        if part.title() in _ISO_15924:
            return frozenset({_ISO_15924[part.title()]})
    return frozenset(_EXPECTED.get(first.lower(), "Latin").split())


def letters_by_script(text: str) -> Counter[str]:
    """Count the letters of each script in a text, without digits, signs and marks."""
    found: Counter[str] = Counter()
    for letter, times in Counter(text).items():
        if script := _find_script(letter):
            found[script] += times
    return found


@lru_cache(maxsize=65_536)
def _find_script(letter: str) -> str:
    if not letter.isalpha() or _SHARED.match(letter):
        return ""
    return next((script for script, pattern in _OF_SCRIPT.items() if pattern.match(letter)), OTHER)
