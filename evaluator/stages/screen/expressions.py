"""Marks the numbers and signs that make one exercise another: 12 + 5, 12 * 5, 3.5, -8, x > 5, n = 10."""

from __future__ import annotations

import re
import unicodedata

import regex

_FIRST = 0xE000
"""First of the private code points that stand for marked signs until the text is stripped of all others."""
_SIGNS = ".", " ", "+", "-", "*", "/", "=", "<", ">", "^", "%", "(", ")", "≠", "≤", "≥", "#", "±"
_MARKS = {sign: chr(_FIRST + number) for number, sign in enumerate(_SIGNS)}
_POINT, _GAP = _MARKS["."], _MARKS[" "]
MARKED = f"{chr(_FIRST)}-{chr(_FIRST + len(_SIGNS) - 1)}"
"""Range of the marks, for a character class."""
SHOWN = {ord(mark): sign for sign, mark in _MARKS.items()}
"""Table that turns marks back into signs."""
_REMOVED = dict.fromkeys(range(_FIRST, _FIRST + len(_SIGNS)))
_FORMS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("×·⋅∙∗✕✖", "*"),
        **dict.fromkeys("÷⁄∕", "/"),
        "٫": ".",
        "٬": ",",
    }
)
"""Other forms of the signs; the compatibility forms of the letters are folded before."""
_LONG_FORMS = {"**": "^", "==": "=", "<=": "≤", "=<": "≤", ">=": "≥", "=>": "≥", "!=": "≠", "<>": "≠", "/=": "≠"}

_SUPERSCRIPT = regex.compile(r"[⁰¹²³⁴-⁹]+")
_VULGAR = regex.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_NATIVE_DIGIT = regex.compile(r"[^\P{Nd}0-9]")
_THOUSANDS = regex.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_DECIMAL = regex.compile(r"(?<=\d)[.,](?=\d)|(?<![\p{L}\p{N}.,])\.(?=\d)")
_SINGLE = r"(?<![\p{L}\p{M}])\p{L}(?![\p{L}\p{M}])"
_OPERAND = rf"(?:\d+(?:{_POINT}\d+)*[%!]?(?:[a-z]{{1,2}}(?![\p{{L}}\p{{M}}]))?|{_SINGLE}|\$|[_□]+|\?(?=\s*[=+*/<>-]))"
_OPERATOR = r"(?:\*\*|[<>=!]=|=[<>]|<>|[-+*/=<>^≠≤≥±])"
_OPEN, _CLOSED = r"(?:[({\[]\s*)*", r"(?:\s*[)}\]])*"
_EXPRESSION = regex.compile(
    rf"(?:(?<![\p{{L}}\p{{N}}])-\s?)?{_OPEN}-?{_OPERAND}{_CLOSED}"
    rf"(?:\s*(?:{_OPERATOR}\s*|(?=[(])){_OPEN}[-+±]?\s?{_OPERAND}{_CLOSED})+"
)
_IN_EXPRESSION = regex.compile(rf"{_OPERATOR}|[()%]")
_NEGATIVE = regex.compile(r"(?<![\p{L}\p{M}\p{N})\]])[-±](?=\d)")
_PERCENT = regex.compile(r"(?<=\d)\s?%")
_GRADE = regex.compile(r"(?<![\p{L}\p{M}\p{N}])\p{L}(?:\+{1,2}|#|-(?![\p{L}\p{N}-]))(?![\p{L}\p{N}+#])")
_BETWEEN_NUMBERS = regex.compile(rf"(?<=\d)[^\p{{L}}\p{{M}}\p{{N}}{MARKED}]+(?=\d)")
_MATTERS = re.compile(r"[\d+*=<>^≠≤≥±#]")
_OF_VARIABLES = regex.compile(r"(?<!\p{L})\p{L}\s*[-/]\s*[({\[]*\p{L}(?!\p{L})")


def fold_digits(text: str) -> str:
    """Fold native digits, superscripts and fractions, which NFKC would join to the number before them."""
    if text.isascii():
        return text
    text = _SUPERSCRIPT.sub(lambda found: "^" + unicodedata.normalize("NFKC", found[0]), _VULGAR.sub(" ", text))
    return _NATIVE_DIGIT.sub(lambda found: str(unicodedata.digit(found[0])), text)


def mark_signs(text: str) -> str:
    """Replace the signs that carry meaning by private marks; the text is in NFKC and case folded.

    A sign counts between numbers, variables and brackets, or before a number, so that bullets, hyphens and ends of
    sentences never do; numbers that only signs or blanks part stay two.
    """
    text = text if text.isascii() else text.translate(_REMOVED).translate(_FORMS)
    if _MATTERS.search(text) is None and not (("-" in text or "/" in text) and _OF_VARIABLES.search(text)):
        return text
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = _DECIMAL.sub(_POINT, text)
    text = _EXPRESSION.sub(lambda found: _IN_EXPRESSION.sub(_mark_sign, _drop_unpaired(found[0])), text)
    text = _NEGATIVE.sub(_mark_sign, _PERCENT.sub(_MARKS["%"], text))
    text = _GRADE.sub(lambda found: "".join(_MARKS.get(sign, sign) for sign in found[0]), text)
    return _BETWEEN_NUMBERS.sub(_GAP, text)


def _drop_unpaired(text: str) -> str:
    """Replace brackets without their partner by blanks: those of option letters and of the text around."""
    if "(" not in text and ")" not in text:
        return text
    letters, opened = list(text), []
    for place, letter in enumerate(text):
        if letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            opened.pop()
        elif letter == ")":
            letters[place] = " "
    for place in opened:
        letters[place] = " "
    return "".join(letters)


def _mark_sign(found: regex.Match[str]) -> str:
    return _MARKS[_LONG_FORMS.get(found[0], found[0])]
