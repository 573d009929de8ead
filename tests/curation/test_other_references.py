"""A track whose references are no rows: imported, verified and read as the track's own record."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from curation.layout.benchmark_writer import import_flat
from curation.layout.flat_reader import InvalidBenchmark
from curation.layout.verify import verify_benchmark
from submissions.arena.benchmark import open_benchmark
from submissions.records.base import Record
from submissions.tracks import TRACKS
from submissions.tracks.track import Track
from tests.support.flat_benchmarks import write_flat

TASK = {
    "id": "small", "track": "toy", "title": "Small", "category": "integers", "kind": "all", "language": "en",
    "subsets": ["all"], "demand": "I need integers.", "source": "made for the test", "licence": "Apache-2.0",
}  # fmt: skip


class Goal(Record):
    """The sum to reach."""

    total: int


@pytest.fixture
def flat(tmp_path: Path, toy_track: Track, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(TRACKS, "toy", dataclasses.replace(toy_track, reference=Goal))
    folder = write_flat(tmp_path / "flat", [TASK], {})
    (folder / "references/small.json").write_text(json.dumps({"total": 7}))
    return folder


def test_a_reference_of_the_track_s_own_type_goes_into_the_benchmark(flat: Path, tmp_path: Path) -> None:
    assert import_flat(flat, tmp_path / "benchmark").changed
    benchmark = open_benchmark(str(tmp_path / "benchmark"))
    (task,) = benchmark.read_tasks()
    assert (task.track, task.metric) == ("toy", "sum")
    assert benchmark.read_typed_reference("small", Goal) == Goal(total=7)
    assert verify_benchmark(benchmark.repo) == ()


def test_an_unsound_one_is_a_problem_of_its_file(flat: Path, tmp_path: Path) -> None:
    (flat / "references/small.json").write_text(json.dumps({"sum": 7}))
    with pytest.raises(InvalidBenchmark, match=r"references/small\.json: total: Field required") as broken:
        import_flat(flat, tmp_path / "benchmark")
    assert {problem.file for problem in broken.value.problems} == {"references/small.json"}
    (flat / "references/small.json").unlink()
    with pytest.raises(InvalidBenchmark, match="no reference file"):
        import_flat(flat, tmp_path / "benchmark")


def test_a_task_names_a_track_that_exists(flat: Path, tmp_path: Path) -> None:
    (flat / "tasks.jsonl").write_text(json.dumps(TASK | {"track": "chess"}) + "\n")
    with pytest.raises(InvalidBenchmark, match="there is no track 'chess'; there are: dataset_research, toy"):
        import_flat(flat, tmp_path / "benchmark")
