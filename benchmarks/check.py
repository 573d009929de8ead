"""Cost of `check`: seconds and peak memory for 208 tasks of 1,000 rows, beside an unchecked read.

Run `python -m benchmarks.check [--tasks N] [--rows N]`. The other reader is the usual choice,
`datasets.load_dataset("json")`; it checks nothing and writes Arrow files. Each reader runs in its own process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 3


@dataclass(frozen=True)
class ReadingCost:
    """Time and memory of one reading."""

    seconds: float
    megabytes: float
    """Peak resident memory of the process."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=208)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.reader:
        read_once(given.reader, given.source)
        return
    with tempfile.TemporaryDirectory() as where:
        source = Path(where, "source")
        source.mkdir()
        size = write_submission(source, given.tasks, given.rows)
        print(
            f"{given.tasks} tasks x {given.rows} rows, {size / 1e6:.0f} MB, {os.cpu_count()} cores, median of {ROUNDS}"
        )
        costs = {name: measure_median(name, source) for name in READERS}
    ours = costs["check"]
    print(f"{'':24}{'seconds':>9}{'ratio':>8}{'peak MB':>10}{'ratio':>8}")
    for name, cost in costs.items():
        times, sizes = cost.seconds / ours.seconds, cost.megabytes / ours.megabytes
        print(f"{name:24}{cost.seconds:9.2f}{times:8.2f}{cost.megabytes:10.0f}{sizes:8.2f}")


def write_submission(folder: Path, tasks: int, rows: int) -> int:
    """Write rows of varied length, some in other scripts; return the total bytes."""
    words = [
        "la",
        "data",
        "set",
        "of",
        "short",
        "questions",
        "with",
        "one",
        "answer",
        "each",
        "数据",
        "集合",
        "câu",
        "hỏi",
        "ngắn",
        "سؤال",
        "قصير",
    ]
    chance = random.Random(0)
    for task in range(tasks):
        with (folder / f"task-{task:03}.jsonl").open("w", encoding="utf-8") as file:
            for row in range(rows):
                given = f"{task}.{row} " + " ".join(chance.choices(words, k=chance.randint(20, 120)))
                wanted = " ".join(chance.choices(words, k=chance.randint(1, 40)))
                file.write(json.dumps({"input": given, "output": wanted}, ensure_ascii=False) + "\n")
    return sum(file.stat().st_size for file in folder.iterdir())


def read_with_check(source: Path) -> int:
    """Read with our check, in the process that `submissions check` starts for it; return the number of rows."""
    from submissions.check_process.delivery_check import DeliveryCheck
    from submissions.records.task import Task
    from submissions.tracks import get_track

    tasks = [
        Task(
            id=file.stem,
            track="dataset_research",
            title="A task",
            category="question_answering",
            kind="knowledge",
            language="en",
            metric="token_f1",
            demand="Rows.",
        )
        for file in source.iterdir()
    ]
    with tempfile.TemporaryDirectory() as into, DeliveryCheck() as reading:
        report = reading.check_sources([source], tasks, into=Path(into), track=get_track("dataset_research"))
    if not report.accepted:
        raise SystemExit(f"the benchmark's own submission was refused: {report.errors[0]}")
    return sum(file.rows for file in report.files)


def read_with_datasets(source: Path) -> int:
    """Read with `datasets`; return the number of rows."""
    from datasets import load_dataset

    files = {file.stem.replace("-", "_"): str(file) for file in source.iterdir()}
    with tempfile.TemporaryDirectory() as cache:
        loaded = load_dataset("json", data_files=files, cache_dir=cache)
        return sum(split.num_rows for split in loaded.values())


READERS = {"check": read_with_check, "datasets.load_dataset": read_with_datasets}


def measure_median(reader: str, source: Path) -> ReadingCost:
    """Measure several readings, each in a fresh process; return the one with the median time."""
    costs = sorted((measure_reader(reader, source) for _ in range(ROUNDS)), key=lambda cost: cost.seconds)
    return costs[ROUNDS // 2]


def measure_reader(reader: str, source: Path) -> ReadingCost:
    """Measure one reading in its own process, timed from process start to end."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.check", "--reader", reader, "--source", str(source)]
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"},
    )
    return ReadingCost(time.perf_counter() - started, int(done.stdout.split()[-1]) / 1000)


def read_once(reader: str, source: Path) -> None:
    """Read once in this process; print the peak memory in kB, of it or of a process that it started."""
    READERS[reader](source)
    peaks = (resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(max(peaks))


if __name__ == "__main__":
    main()
