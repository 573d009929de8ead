"""Normalization of an answer or question before it is read: compatibility forms, circled marks, mark-up."""

from __future__ import annotations

import ast
import json
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import regex

from evaluator.scoring.metrics.reading.alphabets import strip_vowel_signs

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts without blanks between words, as part of a character class."""

_ENCLOSED = regex.compile(r"[\u2460-\u24ff\u2776-\u2793\u3200-\u32ff\U0001f100-\U0001f169]")
_DECIMALS = regex.compile(r"(?![0-9])\p{Nd}")
_INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_CONSONANTS = str.maketrans("ᄀᄂᄃᄅᄆᄇᄉᄋ", "ㄱㄴㄷㄹㅁㅂㅅㅇ")
"""Hangul consonants as NFKC leaves them, by the letters of keyboards."""
_TAGS = regex.compile(r"</?(?i:b|i|u|em|strong|span|p|div|br|code|answer|ans)\s*/?>")
_TEX = regex.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}|\$+")
_FENCE = regex.compile(r"\s*(?:```\w*|-{3,}|\*{3,}|={3,})\s*")
_THOUGHT = regex.compile(r"(?s)^\s*<(think|thinking|reasoning)>.*?</\1>|^(?!.*<think>).*</think>")


def _show_enclosed(match: regex.Match[str]) -> str:
    sign = unicodedata.normalize("NFKC", match[0])
    if sign == match[0]:  # the negative circled numbers have no compatibility form
        sign = str(int(unicodedata.numeric(sign, 0)))
    return f"({sign.strip('().')}) "


def normalize_lines(text: str) -> str:
    """Apply NFKC line by line; circled marks become `(2) `, native digits Latin ones; drop what is not shown."""
    if text.isascii():
        return text
    shown = unicodedata.normalize("NFKC", _ENCLOSED.sub(_show_enclosed, text)).translate(_CONSONANTS)
    shown = _INVISIBLE.sub("", shown.replace("\N{RIGHT-TO-LEFT MARK}", ""))
    shown = _DECIMALS.sub(lambda match: str(unicodedata.decimal(match[0], match[0])), shown)
    return strip_vowel_signs(shown)


@lru_cache(256)
def drop_markup(answer: str) -> str:
    """Normalize an answer and drop its mark-up: thoughts before it, HTML tags, TeX's text commands."""
    text = _THOUGHT.sub("", answer, count=1) if "</" in answer else answer
    return _TEX.sub(lambda match: match[1] or "", _TAGS.sub(" ", normalize_lines(text)))


def list_lines(text: str) -> list[str]:
    """List the lines of a text that are neither blank nor fences of code or rules, without outer blanks."""
    return [line.strip() for line in text.splitlines() if line.strip() and not _FENCE.fullmatch(line)]


_BOXED = regex.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_OBJECT = regex.compile(r"(?s)\{.*\}")


def find_boxed(text: str) -> list[str]:
    """List the contents of TeX boxes."""
    return [content.strip() for content in _BOXED.findall(text)] if "\\boxed" in text else []


def find_field(text: str, is_answer: Callable[[str], bool]) -> str | None:
    """Return the value of the answer's field, where the text is a JSON object or Python dictionary."""
    match = _OBJECT.search(text) if "{" in text and ":" in text else None
    if match is None:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(match[0])
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict):
            fields = [str(content) for name, content in value.items() if is_answer(str(name)) or len(value) == 1]
            return fields[-1] if fields else None
    return None
