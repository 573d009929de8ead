"""The toy track on a submitter's command line: check, fix, submit, attempts, status, download, mirror, index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from submissions.arena.arena import Arena, open_arena
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.checking.check import check_sources
from submissions.errors import TheirError
from submissions.index.rebuild import rebuild_index
from submissions.index.result_index import decode_results, shard_names, shard_path
from submissions.index.submission_index import read_submission_index
from submissions.records.anchors import Setup
from submissions.records.base import Score
from submissions.records.result import MethodScore, Result, TaskResult, Total
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from submissions.tracks.track import Track
from tests.support.command_lines import run_command
from tests.support.factories import NOW
from tests.support.toy_track import TOY_TASKS, write_integers

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("toy_track")]
SUBMIT = ("--track", "toy", "--system", "Counter", "--system-type", "counting", "--team", "Sums")


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    arena = open_arena(str(tmp_path / "arena"))
    arena.results.commit([Change("tasks.jsonl", to_jsonl(TOY_TASKS))], arena.results.head())
    return arena


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    return write_integers(tmp_path / "in", {"small": (1, 2), "large": (700,)})


def submit(folder: Path, delivery: Path) -> str:
    done = run_command("submissions", "submit", delivery, "--arena", folder / "arena", *SUBMIT, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["id"])


def make_result(submission: Submission) -> Result:
    total = Score(name="sum", value=3.0, n=1, interval=(2.0, 4.0))
    gain = total.model_copy(update={"name": "gain"})
    scored = TaskResult(
        task="small", state="scored", rows=2, removed=0, base=total, reference=total,
        methods=(MethodScore(method="sum", score=total, gain=gain),),
    )  # fmt: skip
    mean = Score(name="mean_gain", value=3.0, n=1, interval=(2.0, 4.0))
    return Result(
        submission=submission.id, track="toy", system="Counter", system_type="counting", team="Sums",
        protocol="toy@1", protocol_sha256="0" * 64,
        setup=Setup(model="none", model_sha256="0" * 64, packages={}, hardware="cpu", seed=0), tasks=(scored,),
        totals=(Total(method="sum", subset="all", group="overall", gain=mean),),
    )  # fmt: skip


def publish(arena: Arena, ulid: str) -> Result:
    result = make_result(arena.read_submission(ulid))
    history = History(submission=ulid, entries=(Status(state="published", message="Done.", time=NOW),))
    changes = [
        Change(f"results/{ulid}/toy@1.json", to_json(result)),
        Change(f"status/{ulid}.json", to_json(history)),
    ]
    arena.results.commit(changes, arena.results.head())
    return result


def test_a_process_of_its_own_gives_the_same_report(tmp_path: Path, delivery: Path, toy_track: Track) -> None:
    (delivery / "small.txt").write_text("1\nx\n")
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    here = check_sources([delivery], TOY_TASKS, into=tmp_path / "here", track=toy_track)
    with DeliveryCheck() as reading:
        there = reading.check_sources([delivery], TOY_TASKS, into=tmp_path / "there", track=toy_track)
        with pytest.raises(TheirError, match="track toy cannot be repaired"):
            reading.repair_sources([delivery], TOY_TASKS, into=tmp_path / "fixed", track=toy_track)
    assert there == here
    assert [file.path for file in there.files] == ["data/large.txt"]
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["large.txt"]


def test_check_says_what_is_wrong_and_what_an_evaluation_takes_if_that_is_known(
    tmp_path: Path, arena: Arena, delivery: Path
) -> None:
    done = run_command("submissions", "check", delivery, "--arena", tmp_path / "arena", "--track", "toy")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 valid file(s) with 3 rows; 0 task(s) have no file.\nAccepted.\n"
    (delivery / "small.txt").write_text("1\nx\n")
    done = run_command("submissions", "check", delivery, "--arena", tmp_path / "arena", "--track", "toy")
    assert done.returncode == 1
    assert "error    small.txt:2: The line is no integer. Write one integer on each line." in done.stdout
    assert arena.submission_ids() == []


@pytest.mark.usefixtures("arena")
def test_fix_says_that_it_cannot(tmp_path: Path, delivery: Path) -> None:
    at = ("--arena", tmp_path / "arena", "--track", "toy", "--to", tmp_path / "fixed")
    done = run_command("submissions", "fix", delivery, *at)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Files of the track toy cannot be repaired by a program: correct them by hand.\n"
    assert not (tmp_path / "fixed").exists()


def test_a_type_of_another_track_is_refused_with_those_there_are(tmp_path: Path, arena: Arena, delivery: Path) -> None:
    words = ["deep_research" if word == "counting" else word for word in SUBMIT]
    done = run_command("submissions", "submit", delivery, "--arena", tmp_path / "arena", *words)
    assert done.returncode == 1
    assert done.stderr == "system_type: 'deep_research' is no type of systems on the track toy; it must be 'counting'\n"
    assert arena.submission_ids() == []


def test_a_team_has_the_track_s_attempts(tmp_path: Path, arena: Arena, delivery: Path) -> None:
    for number in range(3):
        submit(tmp_path, write_integers(delivery, {"small": (number,)}))
    write_integers(delivery, {"small": (99,)})
    done = run_command("submissions", "submit", delivery, "--arena", tmp_path / "arena", *SUBMIT)
    assert done.returncode == 1
    assert done.stderr.startswith("All 3 attempts on the track toy are used (3); nothing was stored.")
    assert len(arena.submission_ids()) == 3


def test_status_and_download_give_it_back(tmp_path: Path, arena: Arena, delivery: Path) -> None:
    ulid = submit(tmp_path, delivery)
    publish(arena, ulid)
    said = run_command("submissions", "status", ulid, "--arena", tmp_path / "arena").stdout
    assert "Counter under toy@1" in said
    assert "3.000" in said
    done = run_command("submissions", "download", ulid, "--arena", tmp_path / "arena", "--to", tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy/data/small.txt").read_text() == "1\n2\n"
    assert "sum" in (tmp_path / "copy/tasks.csv").read_text()


def test_it_is_mirrored_and_indexed(tmp_path: Path, arena: Arena, delivery: Path) -> None:
    ulid = submit(tmp_path, delivery)
    publish(arena, ulid)
    done = run_command("submissions", "mirror", tmp_path / "arena", tmp_path / "other")
    assert done.returncode == 0, done.stderr
    other = open_arena(str(tmp_path / "other"))
    submission = other.read_submission(ulid)
    assert [other.read_artifact(submission, file) for file in submission.files] == [b"700\n", b"1\n2\n"]
    assert rebuild_index(other) == (1, 1)
    (name,) = shard_names(other.results, "toy")
    path = shard_path("toy", name)
    (row,) = decode_results(path, other.results.read(path))
    assert row.summary.clearly_positive.tolist() == [1]
    assert [total.gain.value for total in row.summary.totals] == [3.0]
    (brief,) = [brief for brief, _ in read_submission_index(other.drafts)]
    assert (brief.track, brief.files, brief.rows) == ("toy", 2, 3)
