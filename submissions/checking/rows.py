"""Parsed rows: valid texts, and the stored file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.encoding_damage import EncodingDamage
from submissions.checking.formats.json_object import ROW_FIX, describe_json_type
from submissions.checking.formats.raw_row import RawRow
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.problem_list import ProblemList, escape_text, quote_text
from submissions.errors import InvalidFile
from submissions.names.invisible import is_blank, name_characters
from submissions.records.task import Row

_NAMED_KEYS = 5


def parse_row(found: RawRow, limits: RowLimits, listing: ProblemList) -> Row | None:
    """Return the row if both values are storable and trainable texts; else None, and listed."""
    # Lengths are checked before content: a Parquet dictionary can repeat one long text in every row.
    length = sum(len(value) for value in (found.input, found.output) if isinstance(value, str))
    if length > limits.max_characters:
        listing.add_error(
            f"Input and output have more than {limits.max_characters:,} characters together.",
            "Shorten the row, or leave it out.",
            found.line,
        )
        return None
    if fault := _find_instruction_fault(found):
        listing.add_error(*fault, found.line)
        return None
    given = _check_text("input", found.input, found.line, listing)
    wanted = _check_text("output", found.output, found.line, listing)
    return None if given is None or wanted is None else Row(input=given, output=wanted)


def _find_instruction_fault(found: RawRow) -> tuple[str, str] | None:
    """Return fault and fix of a row in the Alpaca format, whose prompt the model would not see."""
    if not isinstance(found.instruction, str) or is_blank(found.instruction) or not isinstance(found.input, str):
        return None
    if is_blank(found.input):
        what = "The prompt is in the key instruction (Alpaca format), and the input is empty."
        return what, "Move it into the input; `fix` does."
    what = "The row has an instruction beside its input (Alpaca format), which the model would not see."
    return what, "Put both into the input; `fix` writes the instruction, a blank line, and the input."


def _check_text(key: str, value: object, line: int, listing: ProblemList) -> str | None:
    if not isinstance(value, str):
        listing.add_error(f"The {key} is {describe_json_type(value)}, not a text.", ROW_FIX, line)
    elif is_blank(value):
        shown = f": it has only invisible characters ({name_characters(value)})" if value.strip() else ""
        listing.add_error(f"The {key} is empty{shown}.", "Fill it in, or leave the row out.", line)
    elif "\0" in value:
        listing.add_error(f"The {key} has a NUL character (U+0000).", "Leave the character out.", line)
    elif (place := _find_lone_surrogate(value)) is not None:
        listing.add_error(
            f"The {key} has half of a surrogate pair ({escape_text(value[place])}) as character {place + 1:,}.",
            "Write the character itself, or both of its \\u escapes.",
            line,
        )
    else:
        return value
    return None


def _find_lone_surrogate(text: str) -> int | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


class NormalizedFile:
    """Writer of a stored data file: JSON lines of input and output, within the limits of its payload and delivery."""

    def __init__(self, path: Path, limits: RowLimits, budget: DeliveryBudget) -> None:
        self._limit = limits.max_file_bytes
        self._budget = budget
        self.rows = 0
        self.bytes = 0
        self._file = path.open("xb")
        self._sha256 = hashlib.sha256()
        self._distinct: set[bytes] = set()
        self._damage = EncodingDamage()

    def write_row(self, row: Row) -> None:
        """Write one more row. Raises InvalidFile over a limit."""
        line = (row.model_dump_json() + "\n").encode()
        if self.bytes + len(line) > self._limit:
            raise InvalidFile(
                f"The file has more than {self._limit:,} bytes as JSON lines, the form in which it is stored.",
                "Deliver fewer or shorter rows.",
            )
        self._budget.take_written(len(line))
        self._file.write(line)
        self._sha256.update(line)
        self._distinct.add(hashlib.blake2b(line, digest_size=16).digest())
        self._damage.count_row(row.input + "\n" + row.output)
        self.rows += 1
        self.bytes += len(line)

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes written."""
        return self._sha256.hexdigest()

    def report_warnings(self, limits: RowLimits, listing: ProblemList) -> None:
        """List warnings about the rows as a whole."""
        self._damage.report_warnings(listing)
        if len(self._distinct) < self.rows:
            listing.add_warning(
                f"Only {len(self._distinct):,} of {self.rows:,} rows are distinct.", "Repeated rows add little."
            )
        if self.rows < limits.min_rows:
            listing.add_warning(f"There are only {self.rows} row(s).", f"A set of {limits.min_rows} or more is usual.")
        if self.rows > limits.max_rows:
            listing.add_warning(
                f"There are {self.rows:,} rows; at most the first {limits.max_rows:,} count; a protocol may use fewer.",
                "Put the best rows first.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class ExtraKeys:
    """Keys or columns beside input and output."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._rows = 0

    def count_row(self, found: RawRow) -> None:
        """Count a row's other keys."""
        self._rows += bool(found.extra)
        if len(self._names) <= _NAMED_KEYS:
            self._names.update(dict.fromkeys(found.extra[: _NAMED_KEYS + 1]))

    def report_warnings(self, listing: ProblemList) -> None:
        """List the other keys, if any."""
        if self._names:
            names = [quote_text(name, 30) for name in self._names]
            more = ", …" if len(names) > _NAMED_KEYS else ""
            listing.add_warning(
                f"{self._rows:,} row(s) have other keys, which are not used: {', '.join(names[:_NAMED_KEYS])}{more}.",
                "Nothing to do; put what matters into input and output.",
            )
