"""Inputs of a command: tasks, files, data sets on the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from submissions.arena.arena import open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.checking.limits import MAX_DELIVERY_BYTES
from submissions.cli.runtime import show_progress
from submissions.errors import NotFound
from submissions.records.check_report import Report
from submissions.records.submission import PinnedFile
from submissions.records.task import Task
from submissions.storage.codec import parse_lines
from submissions.storage.temp_folder import TempFolder
from submissions.tracks import get_track

_ON_HUB = re.compile(r"([a-z0-9-]+=)?(hf:/datasets/|https?:/(www\.)?(huggingface\.co|hf\.co|hf-mirror\.com)/)")
"""Forms of hf://datasets/owner/name, and of an address of the Hub, as a path."""


def load_tasks(arena: str | None, benchmark: str | None, file: Path | None) -> tuple[Task, ...]:
    """Load the tasks from the single given source. Raises BadParameter for none or several."""
    if [arena, benchmark, file].count(None) != 2:
        raise typer.BadParameter("give exactly one of --arena, --benchmark and --tasks")
    if arena is not None:
        return open_arena(arena, is_checked=True).read_tasks()
    if benchmark is not None:
        return open_benchmark(benchmark).read_tasks()
    assert file is not None
    if not file.is_file():
        raise NotFound(f"No file {file} with tasks: check the name.")
    return parse_lines(str(file), file.read_bytes(), Task)


@contextmanager
def fetch_sources(
    sources: list[Path], tasks: Sequence[Task], track: str
) -> Iterator[tuple[list[Path], tuple[PinnedFile, ...]]]:
    """Yield the delivery's files and the fetched files of its Hub data sets. Raises InvalidFile, Unreachable."""
    named = [str(source).replace(":/", "://", 1) for source in sources if _ON_HUB.match(str(source))]
    if not named:
        yield sources, ()
        return
    # Takes half a second to import; local files do not need it.
    from submissions.check_process.hub_fetch import fetch_datasets
    from submissions.checking.hub_datasets import parse_hub_datasets

    with TempFolder() as into:
        datasets = parse_hub_datasets("\n".join(named))
        fetched = fetch_datasets(datasets, tasks, into, MAX_DELIVERY_BYTES, track=get_track(track))
        yield [source for source in sources if not _ON_HUB.match(str(source))] + list(fetched.files), fetched.pins


def check_with_progress(
    reading: DeliveryCheck, sources: list[Path], tasks: Sequence[Task], into: Path, track: str
) -> Report:
    """Check sources under a progress bar."""
    with show_progress("checking") as bar:
        return reading.check_sources(sources, tasks, into=into, track=get_track(track), progress=bar)
