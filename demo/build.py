"""Demo builder: `python -m demo.build` writes demo/benchmark and demo/submissions, byte for byte the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from random import Random

from demo.task import DemoTask, Maker
from demo.tasks import TASKS
from submissions.records.task import Row
from submissions.storage.atomic import atomic_write
from submissions.storage.codec import to_jsonl
from submissions.storage.private_files import PUBLIC_FILE

FOLDER = Path(__file__).parent
GOOD_ROWS = 160
POOR_ROWS = 30
_TRIES = 200
"""Repeated rows in succession after which a maker counts as exhausted."""
_SIMILAR = 0.5
"""Jaccard index of five-letter sequences from which a good row close to a reference row is left out.

Thus no leak screen reports two fillings of a template as a copy.
"""


def build_files() -> dict[str, bytes]:
    """Build every file of the demo: path below demo/ to content."""
    files = {"benchmark/tasks.jsonl": to_jsonl(task.flat for task in TASKS)}
    for task in TASKS:
        reference, good, poor = make_rows(task)
        files[f"benchmark/references/{task.flat.id}.jsonl"] = to_jsonl(reference)
        files[f"submissions/good/{task.flat.id}.jsonl"] = to_jsonl(good)
        if poor:
            files[f"submissions/poor/{task.flat.id}.jsonl"] = to_jsonl(poor)
    return files


def make_rows(task: DemoTask) -> tuple[list[Row], list[Row], list[Row]]:
    """Make a task's reference, good and poor rows; no two inputs have the same letters and digits."""
    flat, metadata = task.flat, task.flat.metadata
    assert metadata
    example = metadata.example
    seen = {normalize_text(example.input)} if example else set()
    reference = _draw_rows(task.reference, _make_rng(flat.id, "reference"), metadata.samples_count, seen)
    hidden = [make_shingles(row.input) for row in reference]
    good = _draw_rows(task.good, _make_rng(flat.id, "good"), GOOD_ROWS, seen, hidden)
    poor = _draw_rows(task.poor, _make_rng(flat.id, "poor"), POOR_ROWS, seen) if task.poor else []
    return reference, good, poor


def normalize_text(text: str) -> str:
    """Return letters, marks and digits only, in NFKC, case folded, as the leak screen compares."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LMN")


def make_shingles(text: str) -> frozenset[str]:
    """Return the five-letter sequences of a text."""
    letters = normalize_text(text)
    return frozenset(letters[i : i + 5] for i in range(max(1, len(letters) - 4)))


def find_max_similarity(text: str, others: Iterable[frozenset[str]]) -> float:
    """Return the greatest Jaccard index of a text's five-letter sequences with any of the others, in [0, 1]."""
    mine = make_shingles(text)
    return max((len(mine & other) / len(mine | other) for other in others), default=0.0)


def _make_rng(task_id: str, part: str) -> Random:
    return Random(f"{task_id}/{part}")  # noqa: S311 -- repeatable, not secret


def _draw_rows(
    maker: Maker, rng: Random, count: int, seen: set[str], hidden: Iterable[frozenset[str]] = ()
) -> list[Row]:
    rows: list[Row] = []
    tries = 0
    while len(rows) < count:
        row = maker(rng)
        key = normalize_text(row.input)
        tries += 1
        if tries > _TRIES:
            raise ValueError(
                f"{maker.__module__} made {len(rows)} rows and then {_TRIES} repetitions, not {count} rows"
            )
        if key in seen or find_max_similarity(row.input, hidden) >= _SIMILAR:
            continue
        seen.add(key)
        rows.append(row)
        tries = 0
    return rows


def main() -> None:
    """Write the files, and remove those that are no longer made."""
    files = build_files()
    for kind in ("benchmark", "submissions"):
        for path in (FOLDER / kind).rglob("*.jsonl"):
            if path.relative_to(FOLDER).as_posix() not in files:
                path.unlink()
    for name, content in files.items():
        atomic_write(FOLDER / name, content, PUBLIC_FILE)


if __name__ == "__main__":
    main()
