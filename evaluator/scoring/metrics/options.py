"""Options in a question: their marks and texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import regex

MARK = r"(?:\p{L}\p{M}*|\p{N}{1,2})"
"""Mark of an option: a letter of any script, or a small number."""

_BLANK = r"[^\S\r\n]*"
_AT_LINE_START = regex.compile(rf"(?m)^{_BLANK}[(\[]?({MARK}){_BLANK}[).:\]、]{_BLANK}")
_IN_LINE = regex.compile(rf"(?<![^\s,;(\[])[(\[]?([A-Za-z])[).:\]、]{_BLANK}(?=\S)")
_LATIN = regex.compile("[A-Za-z]")
_NUMBER = regex.compile(r"\p{N}+")


def parse_options(question: str) -> dict[str, str]:
    """Map marks to option texts in a question: `A) text`, `(B) text`, `C. text`, one a line or in line.

    Latin letters and numbers must run on from A or 1, so that other lists, or `Q:`, are none; the last such run counts.
    Letters of other scripts are taken as they come. Fewer than two are no options.
    """
    text = unicodedata.normalize("NFKC", question)
    lines = list(_AT_LINE_START.finditer(text))
    latin = [mark for mark in lines if _LATIN.fullmatch(mark[1])]
    numbers = [mark for mark in lines if _NUMBER.fullmatch(mark[1])]
    others = [mark for mark in lines if mark not in latin and mark not in numbers]
    for marks in (
        _find_run(latin, "A"),
        _find_run(_IN_LINE.finditer(text), "A"),
        _drop_repeated(others),
        _find_run(numbers, "1"),
    ):
        if len(marks) > 1:
            return _read_texts(marks, text)
    return {}


def _find_run(marks: Iterable[regex.Match[str]], first: str) -> list[regex.Match[str]]:
    """Find the last run of two or more consecutive marks that starts with the first one."""
    best: list[regex.Match[str]] = []
    run: list[regex.Match[str]] = []
    for mark in marks:
        if mark[1].upper() == first:
            run = [mark]
        elif run and mark[1].upper() == _next_mark(run[-1][1].upper()):
            run.append(mark)
        if len(run) > 1:
            best = run
    return best


def _next_mark(mark: str) -> str:
    return str(int(mark) + 1) if mark.isdecimal() else chr(ord(mark) + 1)


def _drop_repeated(marks: list[regex.Match[str]]) -> list[regex.Match[str]]:
    return list({mark[1]: mark for mark in marks}.values())


def _read_texts(marks: list[regex.Match[str]], text: str) -> dict[str, str]:
    """Read the text between each mark and the next one, or the end of its line."""
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    found = {}
    for mark, end in zip(marks, ends, strict=True):
        beside = text[mark.end() : end].splitlines() or [""]
        found[mark[1].upper()] = beside[0].strip().rstrip(",;").strip()
    return found
