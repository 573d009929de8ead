"""Language tag from the script of a text; the release names no languages."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

_LANGUAGES = {"HANGUL": "ko", "THAI": "th", "LAO": "lo", "KHMER": "km", "MYANMAR": "my"}
"""Scripts mostly used by one language, where the metrics treat that language apart."""
_SCRIPTS = {
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "ARABIC": "Arab",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "SINHALA": "Sinh",
    "GEORGIAN": "Geor",
    "ARMENIAN": "Armn",
    "ETHIOPIC": "Ethi",
}
"""First word of a letter's Unicode name to the script's code in ISO 15924."""
_KANA = 0.05
"""Minimum share of kana among Han letters and kana in Japanese; Chinese has next to none."""


def detect_language(texts: Iterable[str]) -> str:
    """Return a BCP 47 tag for the most frequent script of the letters.

    `zh`, `ja`, `ko`, `th`, `lo`, `km` or `my` for the scripts that metrics cut into other units than words; else
    the language is undetermined, with the script beside it where it is a known one: `und-Latn`, `und-Cyrl`, `und`.
    """
    scripts: Counter[str] = Counter()
    for letter, times in Counter("".join(texts)).items():
        if letter.isalpha():
            scripts[unicodedata.name(letter, "").split(" ")[0].split("-")[0]] += times
    kana = scripts.pop("HIRAGANA", 0) + scripts.pop("KATAKANA", 0)
    han = scripts.pop("CJK", 0)
    east = Counter({"ja" if kana > _KANA * (han + kana) else "zh": kana + han})
    name, _ = (scripts + east).most_common(1)[0] if scripts + east else ("", 0)
    if name in ("ja", "zh"):
        return name
    return _LANGUAGES.get(name) or (f"und-{_SCRIPTS[name]}" if name in _SCRIPTS else "und")
