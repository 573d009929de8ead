"""Endings that Korean, Turkish, Finnish and their kin write at the end of a word, without change of its meaning."""

from __future__ import annotations

from collections.abc import Collection

import regex

from submissions.records.language_tags import primary_language

_KOREAN = (
    "입니다 입니다만 이다 다 이에요 예요 이예요 에요 이야 야 임 인 이라고 라고 이라 라 이며 이고 이지만 으로 로 "
    "은 는 이 가 을 를 과 와 이나 나 이랑 랑 에 의 도 만 이었습니다 였습니다 이었다 였다 인것 일것 일 이죠 "
    "죠 이네요 네요 "
    "입니까 이면 면 적입니다 적이다 적인 적 번 번입니다 번이다"
)
_TURKISH = (
    "dir dır dur dür tir tır tur tür i ı u ü yi yı yu yü si sı su sü e a ye ya de da te ta den dan ten tan "
    "in ın un ün nin nın nun nün "
    "idir ıdır udur üdür sidir sıdır sudur südür le la yle yla ydi ydı ydu ydü miş mış muş müş ki"
)
_FINNISH = (
    "n a ä ta tä tta ttä ssa ssä sta stä an än en in on un yn ön lla llä lta ltä lle ksi na nä kin kaan kään han hän "
    "t eja ejä ja jä ien"
)
_HUNGARIAN = "t at et ot öt nak nek ban ben ba be ból ből ra re ról ről hoz hez höz val vel ként"
_BALTIC_FINNIC = "t d le l lt s st ks na ga ni"
_ENDINGS: dict[str, frozenset[str]] = {
    "ko": frozenset(_KOREAN.split()),
    "tr": frozenset(_TURKISH.split()),
    "az": frozenset(_TURKISH.split()),
    "fi": frozenset(_FINNISH.split()),
    "hu": frozenset(_HUNGARIAN.split()),
    "et": frozenset(_BALTIC_FINNIC.split()),
}
_HANGUL = regex.compile(r"\p{Hangul}")
_STEM_ENDING = {"fi": ("nen", "s")}
"""A word's ending that changes before others: `positiivinen`, `positiivista`."""


def strip_ending(unit: str, words: Collection[str], language: str) -> str:
    """Return the one of these words of which the unit is a form with an ending, else the unit itself."""
    if unit in words or len(unit) < 2:
        return unit
    script_language = "ko" if _HANGUL.search(unit) else primary_language(language)
    endings = _ENDINGS.get(script_language)
    if not endings:
        return unit
    for at in range(len(unit) - 1, 0, -1):
        if unit[at:] in endings:
            if unit[:at] in words:
                return unit[:at]
            changed, stem = _STEM_ENDING.get(script_language, ("", ""))
            if changed and unit[:at].endswith(stem) and (whole := unit[: at - len(stem)] + changed) in words:
                return whole
    return unit
