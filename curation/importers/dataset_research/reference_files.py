"""The release's reference sets: the file of a task, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from curation.importers.dataset_research.json_files import quote_value, read_json
from curation.importers.dataset_research.release_tasks import ReleaseTask
from curation.records import make_error, make_warning
from submissions.records.check_report import Problem
from submissions.records.task import Row

FOLDERS = "test_set_generated_*"
_COLUMNS = {"prompt": "input", "response": "output"}
"""Input and output columns of the release's rows, by the names of LLaMA-Factory's registry."""


class _InvalidRow(Exception):
    """Error: a row that cannot be used, with the reason."""


@dataclass
class References:
    """Reference files below a folder; a file shared by several tasks is read once."""

    source: Path
    registry: dict[str, object]
    """LLaMA-Factory's dataset_info.json: name to file and columns. May be empty."""
    problems: list[Problem]
    _read: dict[tuple[str, str, str], tuple[Row, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = sorted(self.source.glob(f"{FOLDERS}/*.json"))
        self._files = {path.relative_to(self.source).as_posix(): path for path in found}

    def read_rows(self, entry: ReleaseTask) -> tuple[Row, ...] | None:
        """Return a task's rows in file order, () if the file is unsound, None without a file."""
        for name in dict.fromkeys((entry.dataset.replace("/", "_"), entry.id.replace("/", "_"))):
            file, columns = self._find_registered(name) or (self._find_by_name(name), _COLUMNS)
            if file in self._files:
                key = (file, columns["prompt"], columns["response"])
                if key not in self._read:
                    content = read_json(self._files[file], file, self.problems)
                    self._read[key] = () if content is None else self._parse_rows(content, file, columns)
                return self._read[key]
        return None

    def _find_registered(self, name: str) -> tuple[str, dict[str, str]] | None:
        """Return the registered file and columns of a name, if the release has that file.

        Files are looked up among the release's by folder and name, so a registry leads nowhere else.
        """
        known = self.registry.get(name)
        if not isinstance(known, dict) or not isinstance(known.get("file_name"), str):
            return None
        columns = known.get("columns")
        named = {part: of for part, of in columns.items() if isinstance(of, str)} if isinstance(columns, dict) else {}
        file = "/".join(PurePosixPath(known["file_name"]).parts[-2:])
        return (file, _COLUMNS | named) if file in self._files else None

    def _find_by_name(self, name: str) -> str:
        """Return the file with this name, "" if missing; two of them are a problem."""
        found = [path for path in self._files if PurePosixPath(path).name == f"{name}.json"]
        if len(found) > 1:
            what = f"{' and '.join(found)} could both be the reference {quote_value(name)}."
            self.problems.append(make_error(found[0], None, what, "Choose one with --registry, or remove one of them."))
        return found[0] if found else ""

    def _parse_rows(self, content: object, file: str, columns: dict[str, str]) -> tuple[Row, ...]:
        if not isinstance(content, list) or not content:
            what = "It has no rows." if content == [] else "It has no list of rows."
            self.problems.append(make_error(file, None, what, "Download the file again."))
            return ()
        rows: list[Row] = []
        unfit: dict[str, list[int]] = {}
        dropped: list[int] = []
        for number, item in enumerate(content, 1):
            try:
                row = _parse_row(item, columns)
            except _InvalidRow as fault:
                unfit.setdefault(str(fault), []).append(number)
                continue
            if row:
                rows.append(row)
            else:
                dropped.append(number)
        self.problems += _report_rows(file, unfit, dropped, rows)
        return tuple(rows)


def _parse_row(item: object, columns: dict[str, str]) -> Row | None:
    """Return a row; None for a non-text output, as in the published training. Raises _InvalidRow."""
    if not isinstance(item, dict):
        raise _InvalidRow("is not an object")
    given, wanted = item.get(columns["prompt"]), item.get(columns["response"])
    if given is not None and not isinstance(given, str):
        raise _InvalidRow(f"{columns['prompt']}: is not a text")
    if not isinstance(wanted, str):
        return None
    try:
        f"{given}{wanted}".encode()
    except UnicodeEncodeError:
        raise _InvalidRow("has half of a surrogate pair, which cannot be stored") from None
    return Row(input=given or "", output=wanted)


def _report_rows(file: str, unfit: dict[str, list[int]], dropped: list[int], rows: list[Row]) -> Iterator[Problem]:
    for what, places in unfit.items():
        yield make_error(
            file, None, f"Row {_format_row_numbers(places)} {what}.", "Correct the file, or download it again."
        )
    if dropped:
        what = f"Row {_format_row_numbers(dropped)} has an output that is not a text."
        yield make_warning(file, what, "Left out, as the published training does; later rows move up.")
    blank = [place for place, row in enumerate(rows, 1) if not row.input.strip() or not row.output.strip()]
    if blank:
        what = f"Row {_format_row_numbers(blank)} of those kept has only white space as input or output."
        yield make_warning(file, what, "Kept, because the published scores count it.")
    if not rows and not unfit:
        yield make_error(file, None, "No row has a text as its output.", "Download the file again.")


def _format_row_numbers(places: list[int]) -> str:
    return f"{places[0]}" if len(places) == 1 else f"{places[0]} (and {len(places) - 1} more)"
