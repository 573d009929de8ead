"""Deliveries for two tasks, and the check run on them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from submissions.checking.check import check_sources
from submissions.checking.payloads.rows_payload import RowsPayload
from submissions.records.check_report import Report
from submissions.tracks import TRACKS
from submissions.tracks.dataset_research import ROW_LIMITS
from submissions.tracks.track import Track
from tests.support.factories import make_task

BANK = "cls-en-bank-intents"
SARCASM = "cls-ar-sarcasm"
GOOD = b"".join(b'{"input": "question %d", "output": "answer %d"}\n' % (n, n) for n in range(20))


@dataclass(frozen=True)
class Checker:
    """Runs the check on what lies in `folder`."""

    folder: Path
    into: Path

    def __call__(self, *sources: Path, track: Track = TRACKS["dataset_research"]) -> Report:
        for old in self.into.iterdir():
            old.unlink()
        return check_sources(
            sources or [self.folder],
            [make_task(BANK, "text_classification"), make_task(SARCASM, "text_classification")],
            into=self.into,
            track=track,
        )

    def file(self, name: str, content: bytes, track: Track = TRACKS["dataset_research"]) -> Report:
        (self.folder / name).write_bytes(content)
        return self(track=track)


def error_places(report: Report) -> list[tuple[str, int | None]]:
    return [(problem.file, problem.line) for problem in report.errors]


def limit_rows(**limits: int) -> Track:
    """The track of rows with other limits."""
    payload = RowsPayload(dataclasses.replace(ROW_LIMITS, **limits))
    return dataclasses.replace(TRACKS["dataset_research"], payloads={"rows": payload})
