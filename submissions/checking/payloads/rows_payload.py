"""Rows of input and output texts: one file for each task, in any of the formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from submissions.checking.file_names import parse_data_name
from submissions.checking.formats import READERS
from submissions.checking.payloads.payload import LEAVE_OUT_FIX, ArtifactName, CheckTarget, ReadablePayload
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.rows import ExtraKeys, NormalizedFile, parse_row
from submissions.checking.source_file import SourceFile
from submissions.records.submission import DataFile
from submissions.records.task import Row

HUB_ENDINGS = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True)
class RowsPayload(ReadablePayload):
    """Data files named `<task id>.jsonl` (or .json, .csv, .parquet), stored as JSON lines."""

    limits: RowLimits

    @property
    def max_file_bytes(self) -> int:  # type: ignore[override]
        """Byte limit of a delivered file."""
        return self.limits.max_file_bytes

    @property
    def hub_endings(self) -> tuple[str, ...]:
        """Endings of its files on the Hub, where .json files describe a data set."""
        return HUB_ENDINGS

    @property
    def size_fix(self) -> str:
        """Advice for a file that is too large, with the number of rows that count."""
        return f"Deliver fewer or shorter rows; rows after the first {self.limits.max_rows:,} of a task do not count."

    def parse_name(self, name: str) -> ArtifactName:
        parsed = parse_data_name(name)
        return ArtifactName(task=parsed.task, stored=f"{parsed.task}.jsonl", ending=parsed.ending)

    def check_file(self, entry: SourceFile, target: CheckTarget) -> DataFile | None:
        others, listing, ending = ExtraKeys(), target.listing, target.name.ending
        with self.open_entry(entry) as stream, NormalizedFile(target.path, self.limits, target.budget) as normal:
            for found in READERS[ending](stream, self.limits, listing):
                others.count_row(found)
                if row := parse_row(found, self.limits, listing):
                    normal.write_row(row)
        if not normal.rows and not listing.has_errors:
            listing.add_error("The file has no rows.", LEAVE_OUT_FIX)
        if listing.has_errors:
            return None
        if ending != "jsonl":
            listing.add_warning(f"The file was converted from .{ending} to .jsonl.", "Nothing to do.")
        others.report_warnings(listing)
        normal.report_warnings(self.limits, listing)
        return target.describe_file(normal.sha256, normal.bytes, normal.rows)

    def read_rows(self, file: Path) -> Iterator[Row]:
        with file.open("rb") as lines:
            for line in lines:
                yield Row.model_validate_json(line)
