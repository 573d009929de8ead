from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from submissions.checking.check import check_sources
from submissions.records.check_report import Report
from submissions.records.task import Task
from submissions.tracks import TRACKS
from submissions.tracks.track import Track
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.paths import SHARED_DATA

BANK = "cls-en-bank-intents"
SARCASM = "cls-ar-sarcasm"
GOOD = b"".join(b'{"input": "question %d", "output": "answer %d"}\n' % (n, n) for n in range(20))


def task(name: str, track: str = "dataset_research") -> Task:
    return Task(
        id=name,
        track=track,
        title="A task",
        category="text_classification",
        kind="knowledge",
        language="en",
        metric="accuracy",
        demand="I need data.",
    )


@dataclass(frozen=True)
class Checker:
    """Runs the check on what lies in `folder`."""

    folder: Path
    into: Path

    def __call__(self, *sources: Path, track: Track = TRACKS["dataset_research"]) -> Report:
        for old in self.into.iterdir():
            old.unlink()
        return check_sources(sources or [self.folder], [task(BANK), task(SARCASM)], into=self.into, track=track)

    def file(self, name: str, content: bytes, track: Track = TRACKS["dataset_research"]) -> Report:
        (self.folder / name).write_bytes(content)
        return self(track=track)


@pytest.fixture
def checker(tmp_path: Path) -> Checker:
    for name in ("delivered", "into"):
        (tmp_path / name).mkdir()
    return Checker(tmp_path / "delivered", tmp_path / "into")


@pytest.fixture(scope="session")
def malformed() -> Path:
    shared = SHARED_DATA
    folder = shared / "submissions" / "malformed"
    if not folder.is_dir():
        pytest.skip(f"NO REAL MALFORMED FILES: {folder} is absent; set ARENA_SHARED_DATA to test against them")
    return folder


def errors(report: Report) -> list[tuple[str, int | None]]:
    return [(problem.file, problem.line) for problem in report.errors]


Write = Callable[[Path, Sequence[tuple[str, str]]], None]


def new_repo(hub: Hub, name: str = "test-results") -> str:
    """An empty private repository on a Hub; its id."""
    api = HfApi(hub.url, "hf_bot_write")
    return api.create_repo(f"arena/{name}", repo_type="dataset", private=True).repo_id
