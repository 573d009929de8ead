"""Option marks of every script: alphabets in the order in which options are counted, and the folding of a mark."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

LATIN = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
NUMBERS = tuple(str(number) for number in range(1, 21))
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
ALPHABETS: tuple[tuple[str, ...], ...] = (
    LATIN,
    tuple("АБВГДЕЖЗИК"),  # Russian, Bulgarian, Serbian
    tuple("АБВГҐДЕЄЖЗ"),  # Ukrainian
    tuple("АӘБВГҒДЕЖЗ"),  # Kazakh
    tuple("ΑΒΓΔΕΖΗΘΙΚ"),
    ("Α", "Β", "Γ", "Δ", "Ε", "ΣΤ", "Ζ", "Η"),
    tuple("ԱԲԳԴԵԶԷԸԹԺ"),
    tuple("აბგდევზთიკ"),
    tuple("ابجدهوزحطي"),  # abjad
    tuple("ابتثجحخدذر"),  # the alphabet's order
    tuple("ابپتثجچحخد"),  # Persian, Urdu
    tuple("אבגדהוזחטי"),
    tuple("कखगघङचछज"),
    tuple("अबसदई"),
    tuple("अआइईउऊ"),
    tuple("কখগঘঙচছজ"),
    tuple("অআইঈউঊ"),
    tuple("કખગઘચછજ"),
    tuple("અબકડઇ"),
    tuple("ਕਖਗਘਙ"),
    tuple("ੳਅੲਸਹ"),
    tuple("அஆஇஈஉஊ"),
    tuple("అఆఇఈఉఊ"),
    tuple("ಅಆಇಈಉಊ"),
    tuple("അആഇഈഉഊ"),
    tuple("කඛගඝඞ"),
    tuple("අආඇඈඉ"),
    tuple("กขคงจฉชซ"),
    tuple("กขฃคฅฆง"),
    tuple("ກຂຄງຈສຊຍ"),
    tuple("កខគឃងច"),
    tuple("ကခဂဃငစ"),
    tuple("ሀለሐመሠረ"),
    tuple("가나다라마바사아"),
    tuple("ㄱㄴㄷㄹㅁㅂㅅㅇ"),
    tuple("アイウエオカキク"),
    tuple("あいうえおかきく"),
    tuple("イロハニホヘト"),
    tuple("いろはにほへと"),
    tuple("甲乙丙丁戊己庚辛壬癸"),
    tuple("一二三四五六七八九十"),
    ROMAN,
    NUMBERS,
)
"""Marks as `fold_mark` returns them."""

NAMES_OF_LETTERS = {"الف": "ا", "ألف": "ا", "باء": "ب", "جيم": "ج", "دال": "د"}
"""Letters that are written out as marks."""

_JAMO = dict(zip("ᄀᄂᄃᄅᄆᄇᄉᄋ", "ㄱㄴㄷㄹㅁㅂㅅㅇ", strict=True))
"""Consonants as NFKC leaves them, by the letters of keyboards."""
_VOWEL_SIGNS = regex.compile(r"[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670]+")
"""Hebrew and Arabic points, and the stretching of Arabic letters: writing without them is the same word."""
_FORMS = str.maketrans("أإآٱىیکہ", "اااايي" + "كه")
"""Forms of one Arabic letter: alef with its signs, and what Persian and Urdu keyboards write."""
LOOK_ALIKES = dict(zip("АВСЕНІКМОРТХΑΒΕΗΙΚΜΝΟΡΤΧ", "ABCEHIKMOPTXABEHIKMNOPTX", strict=True))
"""Cyrillic and Greek capitals, and the Latin ones that look the same."""


def strip_vowel_signs(text: str) -> str:
    """Remove Arabic and Hebrew vowel signs and Arabic stretching."""
    return text if text.isascii() else _VOWEL_SIGNS.sub("", text)


@lru_cache(4096)
def fold_mark(mark: str) -> str:
    """Return the form in which marks are compared: capital, Latin digits, no vowel signs, `ا` for any alef."""
    shown = unicodedata.normalize("NFC", "".join(_JAMO.get(sign, sign) for sign in unicodedata.normalize("NFKC", mark)))
    bare = strip_vowel_signs(shown).translate(_FORMS)
    if bare.isdecimal():
        return str(int(bare))
    return NAMES_OF_LETTERS.get(bare, bare.upper())
