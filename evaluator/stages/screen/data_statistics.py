"""Statistics of a data set: repeated and degenerate rows, lengths, scripts. They remove no rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from pydantic import Field

from evaluator.stages.screen.normalize import Normalizer, has_letters
from evaluator.stages.screen.scripts import expected_scripts, letters_by_script
from submissions.records.base import Record
from submissions.records.findings import Quantiles
from submissions.records.task import Row

BYTES_PER_TOKEN = 4
"""Rough estimate: UTF-8 bytes per token of a large vocabulary, over many languages."""
EXTREME_CHARACTERS = 50_000
"""Threshold for input and output together; far more than 4,096 tokens contain."""
_ENOUGH_LETTERS = 10
"""Minimum letters to judge an output's script; an option, a number or a label has fewer."""


class Statistics(Record):
    """Statistics of an entry's rows for one task. The submitter may see all of it; lines are counted from 1."""

    rows: int = Field(ge=0)
    repeated: tuple[int, ...]
    """Lines that repeat input and output of an earlier line, letter for letter."""
    repeated_normalised: tuple[int, ...]
    """Further lines that repeat an earlier line in letters and digits."""
    no_letters: tuple[int, ...]
    """Lines whose input or output has no letter or digit."""
    echoes: tuple[int, ...]
    """Lines whose output equals their input in letters and digits."""
    monotone: tuple[int, ...]
    """Lines whose input or output is one character repeated, three times or more."""
    extreme: tuple[int, ...]
    """Lines with more than 50,000 characters."""
    other_script: tuple[int, ...]
    """Lines whose output is mostly in scripts that the task's language is not written in."""
    input_characters: Quantiles | None
    """Characters per input; None without rows."""
    output_characters: Quantiles | None
    tokens: Quantiles | None
    """Tokens of input and output together, estimated from their bytes."""
    input_scripts: dict[str, float]
    """Share of the inputs' letters by Unicode script, most first, rounded to 0.001, without zeros."""
    output_scripts: dict[str, float]


def compute_statistics(rows: Sequence[Row], cut: Normalizer, language: str) -> Statistics:
    """Count over the rows and their skeletons; `language` is the task's BCP 47 tag."""
    exact = _repeated_lines((row.input, row.output) for row in rows)
    normalised = _repeated_lines(zip(cut.inputs, cut.outputs, strict=True))
    inputs, outputs = ([len(text) for text in texts] for texts in ([r.input for r in rows], [r.output for r in rows]))
    scripts = [letters_by_script(row.output) for row in rows]
    wanted = expected_scripts(language)
    return Statistics(
        rows=len(rows),
        repeated=exact,
        repeated_normalised=tuple(sorted({*normalised} - {*exact})),
        no_letters=_line_numbers(not has_letters(row.input) or not has_letters(row.output) for row in rows),
        echoes=_line_numbers(one == other for one, other in zip(cut.inputs, cut.outputs, strict=True)),
        monotone=_line_numbers(_is_monotone(row.input) or _is_monotone(row.output) for row in rows),
        extreme=_line_numbers(len(row.input) + len(row.output) > EXTREME_CHARACTERS for row in rows),
        other_script=_line_numbers(_is_elsewhere(found, wanted) for found in scripts),
        input_characters=_compute_quantiles(inputs),
        output_characters=_compute_quantiles(outputs),
        tokens=_compute_quantiles([-(-len((row.input + row.output).encode()) // BYTES_PER_TOKEN) for row in rows]),
        input_scripts=_script_shares(letters_by_script("".join(row.input for row in rows))),
        output_scripts=_script_shares(sum(scripts, Counter())),
    )


def _line_numbers(found: Iterable[bool]) -> tuple[int, ...]:
    return tuple(line for line, is_so in enumerate(found, 1) if is_so)


def _repeated_lines(keys: Iterable[Hashable]) -> tuple[int, ...]:
    seen: set[Hashable] = set()
    lines = []
    for line, key in enumerate(keys, 1):
        if key in seen:
            lines.append(line)
        seen.add(key)
    return tuple(lines)


def _is_monotone(text: str) -> bool:
    shown = text.strip()
    return len(shown) > 2 and shown == shown[0] * len(shown)


def _is_elsewhere(letters: Counter[str], wanted: frozenset[str]) -> bool:
    total = letters.total()
    return total >= _ENOUGH_LETTERS and 2 * sum(letters[script] for script in wanted) < total


def _compute_quantiles(lengths: list[int]) -> Quantiles | None:
    if not lengths:
        return None
    least, median, p95, most = np.quantile(lengths, [0, 0.5, 0.95, 1], method="nearest")
    return Quantiles(least=int(least), median=int(median), p95=int(p95), most=int(most))


def _script_shares(letters: Counter[str]) -> dict[str, float]:
    total = letters.total()
    ordered = sorted(letters.items(), key=lambda pair: (-pair[1], pair[0]))
    shares = {script: round(count / total, 3) for script, count in ordered}
    return {script: share for script, share in shares.items() if share}
