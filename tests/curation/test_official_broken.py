"""Every way in which a release can be broken is reported with its place, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curation.importers.dataset_research.importer import import_official
from curation.importers.dataset_research.release import Options
from curation.layout.flat_reader import InvalidBenchmark
from submissions.errors import NotFound
from tests.support.official_release import (
    Edit,
    content,
    make_entry,
    make_release_rows,
    reference,
    rows,
    scored,
    scores,
    tasks,
    with_metadata,
    write_json,
)

META, BASE, TEST = "test_metadata.json", "final_baseline.json", "final_test.json"
MC = "test_set_generated_1/lab_multiple-choice.json"


def gone(name: str) -> Edit:
    return lambda folder: (folder / name).unlink()


def twice(folder: Path) -> None:
    write_json(reference(folder, "multiple-choice", 2), make_release_rows("mc"))


def only(name: str, value: Any) -> Edit:
    return lambda folder: write_json(folder / name, value)


CASES: dict[str, tuple[Edit, str, int | None, str]] = {
    "tasks cut off": (content(META, b'[\n{"task_id": "a",\n'), META, 3, "Not JSON"),
    "tasks empty": (content(META, b" "), META, None, "empty"),
    "tasks not UTF-8": (content(META, b'[\n"\xff"]'), META, 2, "Not UTF-8"),
    "tasks too deep": (content(META, b"[" * 100_000), META, 1, "nested too deeply"),
    "tasks with an endless number": (content(META, b"9" * 5000), META, 1, "Unreadable JSON"),
    "tasks a pointer": (content(MC, b"version https://git-lfs.example/spec/v1\noid 1"), MC, None, "Git LFS"),
    "tasks an object": (only(META, {}), META, None, "no list"),
    "no tasks": (only(META, []), META, None, "no tasks"),
    "task a text": (tasks("x"), META, None, "Entry 2: It is 'x'"),
    "task twice": (
        tasks(make_entry("multiple-choice")),
        META,
        None,
        "Entry 2 ('lab_multiple-choice'): task_id: entry 1",
    ),
    "no dataset": (tasks(make_entry("translation", dataset_id=None)), META, None, "dataset_id: None"),
    "id a number": (tasks(make_entry("translation", task_id=7)), META, None, "task_id: 7"),
    "no demand": (tasks(make_entry("translation", query=" ")), META, None, "query"),
    "demand of half a pair": (
        lambda folder: content(META, (folder / META).read_bytes().replace(b"I need data for translation", b"\\ud800"))(
            folder
        ),
        META,
        None,
        "demand",
    ),
    "metadata no object": (tasks(make_entry("translation", metadata="free text")), META, None, "metadata: neither"),
    "metadata a bomb": (tasks(make_entry("translation", metadata="[" * 9999)), META, None, "metadata: neither"),
    "metadata a list": (tasks(make_entry("translation", metadata="[1]")), META, None, "metadata: neither"),
    "type unknown": (tasks(with_metadata("translation", task="poetry")), META, None, "'poetry' is not one of"),
    "domain unknown": (tasks(with_metadata("translation", domain="wisdom")), META, None, "'wisdom' is neither"),
    "no reference": (gone(MC), META, None, "is the reference 'lab/multiple-choice'"),
    "reference twice": (twice, MC, None, "could both be"),
    "reference cut off": (content(MC, b'[{"input": "a",\n "output": '), MC, 2, "Not JSON"),
    "reference empty": (content(MC, b""), MC, None, "empty"),
    "reference of no rows": (only(MC, []), MC, None, "no rows"),
    "reference an object": (only(MC, {"Data": []}), MC, None, "no list of rows"),
    "reference of numbers": (only(MC, [{"input": "a", "output": 1}] * 3), MC, None, "No row has a text"),
    "reference one-sided": (
        only(MC, make_release_rows("mc")[:1] * 3),
        META,
        None,
        "all 3 rows of its reference fall into",
    ),
    "row a list": (rows([1], [2]), MC, None, "Row 26 (and 1 more) is not an object"),
    "row of numbers": (rows({"input": 1, "output": "x"}), MC, None, "Row 26 input: is not a text"),
    "row of half a pair": (content(MC, b'[{"input": "\\ud800", "output": "b"}]'), MC, None, "surrogate"),
    "no scores": (gone(TEST), TEST, None, "is missing"),
    "scores cut off": (content(BASE, b"[{"), BASE, 1, "Not JSON"),
    "scores a number": (only(BASE, 3), BASE, None, "no list of tasks"),
    "score without id": (scores(scored("translation", task_id=None)), TEST, None, "Entry 1: no task_id"),
    "score twice": (scores(scored("translation"), scored("translation")), TEST, None, "earlier entry"),
    "score of another scale": (
        scores(scored("multiple-choice", {"accuracy": 25.0})),
        TEST,
        None,
        "accuracy is 25.0, which is not between 0 and 1",
    ),
    "score negative": (scores(scored("multiple-choice", {"accuracy": -0.5})), TEST, None, "accuracy is -0.5"),
    "score endless": (scores(scored("multiple-choice", {"accuracy": 10**400})), TEST, None, "accuracy is 1e+300"),
    "registry a list": (only("dataset_info.json", []), "dataset_info.json", None, "not a registry"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_reported_with_its_place(case: str, release: Path, tmp_path: Path) -> None:
    break_it, file, line, what = CASES[case]
    break_it(release)
    with pytest.raises(InvalidBenchmark) as broken:
        import_official(release, tmp_path / "dest")
    assert not (tmp_path / "dest").exists()
    found = [problem for problem in broken.value.problems if (problem.file, problem.line) == (file, line)]
    assert any(what in problem.what for problem in found), broken.value.problems
    assert all(problem.fix and problem.level == "error" for problem in broken.value.problems)


def test_all_faults_are_reported_at_once(release: Path, tmp_path: Path) -> None:
    tasks(with_metadata("translation", task="poetry"), "x")(release)
    content(MC, b"[")(release)
    content(BASE, b"")(release)
    scores(scored("multiple-choice"), scored("multiple-choice"))(release)
    with pytest.raises(InvalidBenchmark) as broken:
        import_official(release, tmp_path / "dest")
    assert [problem.file for problem in broken.value.problems] == [META, META, BASE, TEST, MC]


def test_a_shared_reference_is_complained_of_once(release: Path, tmp_path: Path) -> None:
    tasks(make_entry("multiple-choice", task_id="second"))(release)
    for break_it in (twice, content(MC, b"[")):
        break_it(release)
        with pytest.raises(InvalidBenchmark) as broken:
            import_official(release, tmp_path / "dest")
        assert len({problem.what for problem in broken.value.problems}) == len(broken.value.problems)
        assert {problem.file for problem in broken.value.problems} == {MC}


def test_skipping_every_task_is_no_import(release: Path, tmp_path: Path) -> None:
    tasks()(release)
    (release / MC).unlink()
    with pytest.raises(InvalidBenchmark, match="no file below"):
        import_official(release, tmp_path / "dest", Options(skip_missing=True))


def test_named_files_must_be_there(release: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidBenchmark) as broken:
        import_official(release, tmp_path / "dest", Options(tmp_path / "no.json", tmp_path / "nor-this.json"))
    assert {problem.file for problem in broken.value.problems} == {"no.json", "nor-this.json"}


def test_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"test_metadata\.json"):
        import_official(tmp_path / "nowhere", tmp_path / "dest")
