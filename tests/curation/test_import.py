"""What import-flat makes of sound folders."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curation.layout.benchmark_writer import BenchmarkExists, import_flat
from curation.layout.flat_reader import read_flat
from curation.layout.hash_split import split_side
from curation.layout.verify import verify_benchmark
from submissions.arena.benchmark import open_benchmark
from submissions.errors import CorruptRecord, NotFound
from submissions.storage.local_repo import LocalRepo
from tests.support.flat_benchmarks import ROWS, TASK, read_folder, task, write_flat, write_lines
from tests.support.paths import ROOT, SHARED_DATA

SHARED = SHARED_DATA / "benchmark"
UNCUT = [("question_answering", "bo"), ("question_answering", "th"), ("multiple_choice", "bo")]


def test_the_evaluator_reads_what_was_imported(imported: Path) -> None:
    benchmark = open_benchmark(str(imported))
    first, second = benchmark.read_tasks()
    assert (first.id, first.metric, first.subsets) == ("mc-en-sums", "accuracy", ("full",))
    assert second.subsets == ("full", "pro")
    reference = benchmark.read_reference("mc-en-sums")
    assert reference.metadata.model_dump() == TASK["metadata"]
    assert sorted(row.input for row in reference.train + reference.test) == sorted(row["input"] for row in ROWS)
    assert all(split_side("mc-en-sums", row.input) == "train" for row in reference.train)
    assert all(split_side("mc-en-sums", row.input) == "test" for row in reference.test)


def test_checksums_and_sources_are_kept(imported: Path) -> None:
    sums = json.loads((imported / "checksums.json").read_bytes())
    assert sums["split"] == "hash-split@2"
    assert list(sums["files"]) == sorted(sums["files"])
    files = {name for name in read_folder(imported) if not name.startswith(".")}
    assert set(sums["files"]) == files - {"checksums.json"}
    for name, digest in sums["files"].items():
        assert hashlib.sha256((imported / name).read_bytes()).hexdigest() == digest
    sources = json.loads((imported / "sources.json").read_bytes())
    assert sources["tasks"]["mc-en-sums"] == {"source": "made for the test", "licence": "Apache-2.0"}


def test_the_original_order_can_be_read_back(flat: Path, imported: Path) -> None:
    given = read_flat(flat).rows["mc-en-sums"]
    split = json.loads((imported / "references" / "mc-en-sums" / "split.json").read_text())
    assert open_benchmark(str(imported)).read_original_rows("mc-en-sums") == given
    assert split["rule"] == "hash-split@2"
    assert len(split["sides"]) == len(given)


def test_an_import_without_the_order_is_told_to_import_again(imported: Path) -> None:
    (imported / "references" / "mc-en-sums" / "split.json").unlink()
    benchmark = open_benchmark(str(imported))
    assert benchmark.read_reference("mc-en-sums").train
    with pytest.raises(NotFound, match=r"mc-en-sums/split\.json.*Import it again"):
        benchmark.read_original_rows("mc-en-sums")
    with pytest.raises(NotFound, match="mc-de"):
        benchmark.read_original_rows("mc-de")


@pytest.mark.parametrize("more", ["t", "e"])
def test_an_order_of_other_counts_is_corrupt(more: str, imported: Path) -> None:
    path = imported / "references" / "mc-en-sums" / "split.json"
    path.write_text(path.read_text().replace('"sides": "', f'"sides": "{more}'))
    with pytest.raises(CorruptRecord, match=r"references/mc-en-sums/split\.json assigns"):
        open_benchmark(str(imported)).read_original_rows("mc-en-sums")


def test_a_flat_import_has_no_published_scores(imported: Path) -> None:
    assert open_benchmark(str(imported)).read_official_anchors() is None


def test_importing_twice_changes_nothing(flat: Path, imported: Path) -> None:
    before = read_folder(imported)
    again = import_flat(flat, imported)
    assert (again.changed, again.tasks, again.rows) == (False, 2, 40)
    assert read_folder(imported) == before


def test_importing_again_keeps_measured_anchors(flat: Path, imported: Path) -> None:
    (imported / "anchors").mkdir()
    (imported / "anchors" / "demo@1.json").write_text("{}")
    assert not import_flat(flat, imported).changed
    assert verify_benchmark(LocalRepo(imported)) == ()


def test_another_benchmark_is_not_overwritten(flat: Path, imported: Path) -> None:
    before = read_folder(imported)
    write_lines(flat / "references" / "mc-en-sums.jsonl", ROWS[:-1])
    with pytest.raises(BenchmarkExists, match="another benchmark"):
        import_flat(flat, imported)
    assert read_folder(imported) == before


def test_a_folder_with_something_else_is_left_alone(flat: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "diary.txt").write_text("mine")
    with pytest.raises(BenchmarkExists, match=r"diary\.txt"):
        import_flat(flat, tmp_path / "home")
    assert read_folder(tmp_path / "home") == {"diary.txt": b"mine"}


def test_a_file_is_no_destination(flat: Path, tmp_path: Path) -> None:
    (tmp_path / "dest").write_text("")
    with pytest.raises(BenchmarkExists, match="is a file"):
        import_flat(flat, tmp_path / "dest")


def test_an_empty_folder_is_a_destination(flat: Path, tmp_path: Path) -> None:
    (tmp_path / "dest").mkdir()
    assert import_flat(flat, tmp_path / "dest").changed


@pytest.mark.integration
def test_an_import_that_was_killed_is_carried_out(flat: Path, tmp_path: Path) -> None:
    import_flat(flat, tmp_path / "whole")
    dest = tmp_path / "killed"
    killed = f"""
import os, signal, sys
from pathlib import Path
from curation.layout.benchmark_writer import import_flat
def hear(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("test.jsonl"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hear)
import_flat(Path({str(flat)!r}), Path({str(dest)!r}))
"""
    done = subprocess.run([sys.executable, "-c", killed], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (dest / "checksums.json").exists()
    assert import_flat(flat, dest).changed is False
    assert LocalRepo(dest).list() == LocalRepo(tmp_path / "whole").list()


def test_rows_with_equal_inputs_share_a_half(tmp_path: Path) -> None:
    twins = [{**row, "output": "B"} for row in ROWS]
    flat = write_flat(tmp_path / "flat", [TASK], {"mc-en-sums": ROWS + twins})
    import_flat(flat, tmp_path / "benchmark")
    reference = open_benchmark(str(tmp_path / "benchmark")).read_reference("mc-en-sums")
    assert {row.input for row in reference.train}.isdisjoint(row.input for row in reference.test)


def test_the_last_line_may_lack_its_end_and_lines_may_end_as_on_windows(flat: Path) -> None:
    file = flat / "references" / "mc-en-sums.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n"))
    assert len(read_flat(flat).rows["mc-en-sums"]) == len(ROWS)


def test_progress_is_told_of_every_task(flat: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    import_flat(flat, tmp_path / "dest", lambda *step: heard.append(step))
    assert heard == [("mc-en-sums", 0, 2), ("cls-en-sums", 1, 2)]


@pytest.mark.integration
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared test data: set ARENA_SHARED_DATA to its folder")
def test_the_real_benchmark_imports_and_verifies(tmp_path: Path) -> None:
    done = import_flat(SHARED, tmp_path / "benchmark")
    assert (done.changed, done.tasks, done.rows) == (True, 18, 13140)
    assert verify_benchmark(LocalRepo(tmp_path / "benchmark")) == ()
    benchmark, given = open_benchmark(str(tmp_path / "benchmark")), read_flat(SHARED)
    for real in benchmark.read_tasks():
        reference = benchmark.read_reference(real.id)
        share = len(reference.train) / (len(reference.train) + len(reference.test))
        assert 0.4 < share < 0.6, real.id
        assert benchmark.read_original_rows(real.id) == given.rows[real.id]


def test_task_ids_keep_their_order(tmp_path: Path) -> None:
    names = ["z", "a", "m"]
    flat = write_flat(tmp_path / "flat", [task(id=name) for name in names], dict.fromkeys(names, ROWS))
    import_flat(flat, tmp_path / "benchmark")
    assert [made.id for made in open_benchmark(str(tmp_path / "benchmark")).read_tasks()] == names


def test_a_language_is_stored_by_its_canonical_tag(tmp_path: Path) -> None:
    source = write_flat(tmp_path / "flat", [task(language="cmn-Hant_TW")], {"mc-en-sums": ROWS})
    import_flat(source, tmp_path / "benchmark")
    assert [one.language for one in open_benchmark(str(tmp_path / "benchmark")).read_tasks()] == ["zh-Hant"]


def test_words_that_no_tokenizer_can_split_are_a_warning(tmp_path: Path) -> None:
    lines = [task(id=f"{category}-{tag}", language=tag, category=category) for category, tag in UNCUT]
    report = import_flat(write_flat(tmp_path / "flat", lines, {line["id"]: ROWS for line in lines}), tmp_path / "dest")
    (warning,) = report.warnings
    assert "question_answering-bo: bo is written without blanks" in warning.what
