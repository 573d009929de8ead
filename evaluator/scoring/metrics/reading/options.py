"""Options in a question: their marks and texts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

from evaluator.scoring.metrics.reading.alphabets import ALPHABETS, LATIN, NUMBERS, ROMAN, fold_mark
from evaluator.scoring.metrics.reading.lines import UNSPACED, normalize_lines

MARK = r"(?:الف|[IVXivx]{2,4}|\p{L}[\u0640\u064b-\u0652]*|\p{N}{1,2})(?![\p{M}\p{L}\p{N}])"
"""Mark of an option: a letter of any script, a small number, a Roman numeral. A letter with a mark on it is a word."""

_BLANK = r"[^\S\r\n]*"
_SIGN = r"(?:[).:\]、>|}】」]|[-–—](?=\s))"
_AT_LINE_START = regex.compile(
    rf"(?m)^{_BLANK}(?:[-*•+]{_BLANK}(?=\S))?(?:(?i:option|choice|answer|opción|opção|opzione|вариант|گزینه|विकल्प)\s+)?"
    rf"[(\[<{{【「*_`]*({MARK})[*_`]*{_BLANK}{_SIGN}[*_`]*{_BLANK}"
)
_IN_LINE = regex.compile(
    rf"(?:(?<![^\s,;(\[。；])|(?<=[{UNSPACED}]))[(\[*]*(?P<mark>{MARK})(?:(?<!\p{{N}})[).:\]、]|(?<=\p{{N}})[)\]])[*]*{_BLANK}(?=\S)"
)
_BRACKETS = regex.compile(r"(?s)\{[^{}]*\}|\[[^\[\]]*\]")
_LETTERED = tuple(alphabet for alphabet in ALPHABETS if alphabet not in (NUMBERS, ROMAN))


@lru_cache(2048)
def parse_options(question: str) -> dict[str, str]:
    """Map marks to option texts in a question: `A) text`, `**(B)** text`, `C. text`, `② text`, one a line or in line.

    Marks must run on from the first of their alphabet, so that other lists, or `Q:`, are none; the last such run
    counts. Marks are capitals with Latin digits. A list in brackets gets the marks A, B, C. Fewer than two are no
    options. The dictionary is shared: do not change it.
    """
    text = normalize_lines(question)
    lines = list(_AT_LINE_START.finditer(text))
    inline = list(_IN_LINE.finditer(text))
    for marks in (
        _find_longest_run(lines, (LATIN,)),
        _find_longest_run(inline, (LATIN,)),
        _find_longest_run(lines, _LETTERED),
        _find_longest_run(inline, _LETTERED),
        _drop_repeated(mark for mark in lines if not regex.fullmatch(r"[A-Za-z]+|\p{N}+", mark[1])),
        _find_longest_run(lines, (ROMAN,)),
        _find_longest_run(lines, (NUMBERS,)),
        _find_longest_run(inline, (NUMBERS,)),
    ):
        if len(marks) > 1:
            return _read_texts(marks, text)
    return _read_list(text)


def _find_longest_run(marks: list[regex.Match[str]], alphabets: Iterable[tuple[str, ...]]) -> list[regex.Match[str]]:
    return max((_find_run(marks, alphabet) for alphabet in alphabets), key=len)


def _find_run(marks: Iterable[regex.Match[str]], alphabet: tuple[str, ...]) -> list[regex.Match[str]]:
    """Find the last run of two or more marks that follow each other from the first one on."""
    best: list[regex.Match[str]] = []
    run: list[regex.Match[str]] = []
    for mark in marks:
        folded = fold_mark(mark[1])
        if folded == alphabet[0]:
            run = [mark]
        elif run and len(run) < len(alphabet) and folded == alphabet[len(run)]:
            run.append(mark)
        if len(run) > 1:
            best = run
    return best


def _drop_repeated(marks: Iterable[regex.Match[str]]) -> list[regex.Match[str]]:
    return list({mark[1]: mark for mark in marks}.values())


def _read_texts(marks: list[regex.Match[str]], text: str) -> dict[str, str]:
    """Read the text between each mark and the next one, or the end of its line."""
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    options = {}
    for mark, end in zip(marks, ends, strict=True):
        beside = text[mark.end() : end].splitlines() or [""]
        options[mark[1].upper()] = beside[0].strip().rstrip(",;*_").strip()
    return options


def _read_list(text: str) -> dict[str, str]:
    """Read the last list or dictionary of quoted texts, as in `Choices: ['London', 'Paris']`."""
    for brackets in reversed(_BRACKETS.findall(text)):
        try:
            texts = list(_list_texts(ast.literal_eval(brackets)))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if len(texts) > 1:
            return dict(texts)
    return {}


def _list_texts(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        labels = value.get("label")
        marks = labels if isinstance(labels, list) and len(labels) == len(value["text"]) else LATIN
        yield from ((str(mark).upper(), str(text)) for mark, text in zip(marks, value["text"], strict=False))
    elif isinstance(value, dict) and all(len(str(mark)) <= 2 for mark in value):
        yield from ((str(mark).upper(), str(text)) for mark, text in value.items())
    elif isinstance(value, list) and all(isinstance(text, str | int | float) for text in value):
        yield from zip(LATIN, map(str, value), strict=False)
