"""Repair of one row with a single possible meaning."""

from __future__ import annotations

from dataclasses import replace

from submissions.checking.formats.json_layouts import Pairs
from submissions.checking.problem_list import quote_text
from submissions.names.invisible import is_blank
from submissions.records.task import Row
from submissions.repair.lenient_row import LenientRow
from submissions.repair.repair_log import RepairLog

_KEYS = ("input", "output")


class BlankRow:
    """A row without any text, which is left out."""


def repair_row(piece: LenientRow, changes: RepairLog) -> Row | BlankRow | None:
    """Return the row to write; None for an unchanged one, sound or not."""
    if not isinstance(piece.value, Pairs):
        return None
    if (joined := _join_instruction(piece.value, piece.line, changes)) is not None:
        piece = replace(piece, value=joined, rewrite=True)
    assert isinstance(piece.value, Pairs)
    pairs = list(dict.fromkeys(pair for pair in piece.value if isinstance(pair[1], str)))
    others = [pair for pair in piece.value if not isinstance(pair[1], str)]
    found = {key: [pair for pair in pairs if _normalize_key(pair[0]) == key] for key in _KEYS}
    if any(len(same) != 1 for same in found.values()) or any(_normalize_key(name) in _KEYS for name, _ in others):
        return None
    (given, wanted) = (found[key][0][1] for key in _KEYS)
    assert isinstance(given, str)
    assert isinstance(wanted, str)
    if not _is_encodable(given + "\n" + wanted):
        return None
    if is_blank(given) and is_blank(wanted):
        changes.add("Rows without any text were removed.", piece.line)
        return BlankRow()
    row = Row(input=given, output=wanted)
    return row if _log_changes(piece.value, found, piece, changes) or piece.rewrite else None


def _join_instruction(value: Pairs, line: int, changes: RepairLog) -> Pairs | None:
    """Return an Alpaca row with its instruction in the input; None for another row, or an ambiguous one."""
    found = {key: [cell for name, cell in value if _normalize_key(name) == key] for key in (*_KEYS, "instruction")}
    given = found["input"] or [""]
    texts = (*found["instruction"], *given, *found["output"])
    if len(texts) != 3 or not found["instruction"] or not found["output"]:
        return None
    instruction, asked, wanted = texts
    if not (isinstance(instruction, str) and isinstance(asked, str) and isinstance(wanted, str)):
        return None
    if is_blank(instruction) or not _is_encodable(instruction):
        return None
    if is_blank(asked):
        changes.add("The instruction was moved into the empty input.", line)
        asked = instruction
    else:
        changes.add("The instruction and the input were joined, with a blank line between them.", line)
        asked = f"{instruction}\n\n{asked}"
    others = [(name, cell) for name, cell in value if _normalize_key(name) not in (*_KEYS, "instruction")]
    return Pairs([("input", asked), ("output", wanted), *others])


def _log_changes(
    value: Pairs, found: dict[str, list[tuple[str, object]]], piece: LenientRow, changes: RepairLog
) -> bool:
    """Record the differences from a plain row; return whether it has any."""
    names = [name for name, _ in value]
    wrong = [same[0][0] for key, same in found.items() if same[0][0] != key]
    extra = [name for name in dict.fromkeys(names) if _normalize_key(name) not in _KEYS]
    twice = len(set(names)) < len(names)
    for name in wrong:
        changes.add(f"{quote_text(name, 30)} is now called {_normalize_key(name)}.", piece.line)
    for name in extra[:5]:
        changes.add(f"{quote_text(name, 30)} was removed: it is not used.", piece.line)
    if twice:
        changes.add("A key that occurred twice in one row with the same value was removed once.", piece.line)
    return bool(wrong or extra or twice)


def _normalize_key(name: str) -> str:
    return name.strip().casefold()


def _is_encodable(text: str) -> bool:
    """Return whether a text can be written as UTF-8; half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
