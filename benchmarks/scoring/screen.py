"""Screen cost: seconds and peak memory for 208 tasks, 1,000 rows against 1,000 reference rows each.

Run `python -m benchmarks.scoring.screen [--tasks N] [--rows N] [--sample N]`. The alternatives that a user would
choose are datasketch with one `update` for each shingle, and comparing all pairs of shingle sets. They run over a
few tasks and their seconds are multiplied up, for every task is as large as the next. Each reader is a process with
one core; the screen runs once more with a process for each core. Results on real data:
`python -m benchmarks.scoring.leaks`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from submissions.records.task import Row

COPIES = 0.1
"""Share of an entry's rows that are reference rows with words changed."""
INSTRUCTION = "Answer the following question in a few words and give no reasons for what you say."


@dataclass(frozen=True)
class ScreeningCost:
    """Cost of one way to screen."""

    seconds: float
    megabytes: float
    """Peak resident memory of the largest process."""
    found: int
    """Rows reported as copies."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=208)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=2, help="tasks for the slow ways")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        run_way(given.way, given.tasks, given.rows)
        return
    cores = os.cpu_count() or 1
    print(f"{given.tasks} tasks x {given.rows} rows against {given.rows}, about 60 words each, {cores} cores")
    ours = measure_way("screen", given.tasks, given.rows)
    print(f"{'':38}{'seconds':>9}{'ratio':>8}{'peak MB':>9}{'found':>8}")
    print_cost("screen", ours, ours)
    print_cost(f"screen, {cores} processes", measure_way("screen, all cores", given.tasks, given.rows), ours)
    times = given.tasks / min(given.sample, given.tasks)
    for way in ("datasketch, update", "all pairs of sets"):
        cost = measure_way(way, min(given.sample, given.tasks), given.rows)
        print_cost(
            f"{way} (x {times:g})", ScreeningCost(cost.seconds * times, cost.megabytes, round(cost.found * times)), ours
        )


def print_cost(name: str, cost: ScreeningCost, ours: ScreeningCost) -> None:
    """Print one line."""
    ratio = cost.seconds / ours.seconds
    print(f"{name:38}{cost.seconds:9.1f}{ratio:8.2f}{cost.megabytes:9.0f}{cost.found:8}", flush=True)


def make_rows(task: int, rows: int) -> tuple[list[Row], list[Row]]:
    """Make an entry and its reference: 2,000 words, drawn as unevenly as real ones."""
    chance = random.Random(task)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(2000)]
    weights = [1 / place for place in range(1, len(words) + 1)]

    def make_text(least: int, most: int) -> str:
        return " ".join(chance.choices(words, weights, k=chance.randint(least, most)))

    def make_row() -> Row:
        return Row(input=f"{INSTRUCTION}\n\n{make_text(20, 100)}", output=make_text(1, 10))

    def edit_row(row: Row) -> Row:
        return Row(input=row.input[:-1].replace(" a", " the ", 2), output=row.output)

    test = [make_row() for _ in range(rows)]
    mine = [edit_row(chance.choice(test)) if chance.random() < COPIES else make_row() for _ in range(rows)]
    return mine, test


def by_screen(task: int, rows: int) -> int:
    """Count the copies that our screen finds."""
    from evaluator.stages.screen import screen_rows

    return screen_rows(*make_rows(task, rows)).removed


def by_datasketch(task: int, rows: int) -> int:
    """Count copies by MinHash LSH over five-word shingles, a call per shingle, as in its documentation."""
    from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]

    mine, test = make_rows(task, rows)
    index = MinHashLSH(threshold=0.65, num_perm=96)

    def minhash(row: Row) -> MinHash:
        made = MinHash(num_perm=96)
        for shingle in make_shingles(row):
            made.update(shingle.encode())
        return made

    for number, row in enumerate(test):
        index.insert(number, minhash(row))
    return sum(bool(index.query(minhash(row))) for row in mine)


def by_all_pairs(task: int, rows: int) -> int:
    """Count copies by comparing every row's five-word shingles with every reference row's."""
    mine, test = ([make_shingles(row) for row in side] for side in make_rows(task, rows))
    return sum(any(len(one & other) >= 0.65 * len(one | other) for other in test) for one in mine)


def make_shingles(row: Row) -> set[str]:
    """Return the five-word sequences of a row's input, without the instruction."""
    words = row.input.removeprefix(INSTRUCTION).split()
    return {" ".join(words[place : place + 5]) for place in range(max(1, len(words) - 4))}


WAYS: dict[str, Callable[[int, int], int]] = {
    "screen": by_screen,
    "screen, all cores": by_screen,
    "datasketch, update": by_datasketch,
    "all pairs of sets": by_all_pairs,
}


def measure_way(way: str, tasks: int, rows: int) -> ScreeningCost:
    """Measure one run in its own process; the time for making rows is measured separately and subtracted."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.scoring.screen",
        "--way",
        way,
        "--tasks",
        str(tasks),
        "--rows",
        str(rows),
    ]
    seconds, kilobytes, found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return ScreeningCost(float(seconds), int(kilobytes) / 1000, int(found))


def run_way(way: str, tasks: int, rows: int) -> None:
    """Screen in this process, or in one for each core; print seconds, peak memory in kB and the copies found."""
    workers = (os.cpu_count() or 1) if way == "screen, all cores" else 1
    with ProcessPoolExecutor(workers) as pool:
        pool_map = pool.map if workers > 1 else map
        spent = []
        for work in (make_rows_only, WAYS[way]):
            started = time.perf_counter()
            results = list(pool_map(work, range(tasks), [rows] * tasks))
            spent.append((time.perf_counter() - started, sum(results)))
        peak = max(pool_map(read_peak_kilobytes, range(workers)))
    (making, _), (both, found) = spent
    print(both - making, peak, found)


def make_rows_only(task: int, rows: int) -> int:
    """Make the rows and do nothing else."""
    return len(make_rows(task, rows)[0])


def read_peak_kilobytes(_: int) -> int:
    """Return the peak memory of this process so far."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
