"""The command line in real processes: what it prints, where, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from submissions.arena.arena import open_arena
from submissions.records.status import History, Status
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from tests.support.command_lines import run_command, run_process
from tests.support.cost_records import FRAME, make_ledger
from tests.support.factories import make_task
from tests.support.paths import ROOT
from tests.support.submission_inputs import BANK, GOOD, SARCASM
from tests.support.submission_records import NOW, arena_with_tasks, publish, result_of, stored


@pytest.fixture
def arena(tmp_path: Path) -> Path:
    arena_with_tasks(tmp_path / "arena")
    return tmp_path / "arena"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    (tmp_path / f"{BANK}.jsonl").write_bytes(GOOD)
    return tmp_path / f"{BANK}.jsonl"


@pytest.mark.integration
def test_check_accepts(arena: Path, good: Path) -> None:
    done = run_process("submissions", "check", good, "--arena", arena)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("A task without a file counts as no gain.\nAccepted.\n")


@pytest.mark.integration
def test_check_tells_what_an_evaluation_will_take_and_what_that_rests_on(arena: Path, good: Path) -> None:
    results = open_arena(str(arena)).results
    results.commit([Change("frames.jsonl", to_jsonl([FRAME]))], results.head())
    said = run_command("submissions", "check", good, "--arena", arena).stdout.splitlines()[-1]
    assert said.startswith("Its evaluation under arena@1 will take about ")
    assert said.endswith("device-hours, $0.47 to $2: planned from the machine's profile, not measured.")
    document = json.loads(run_command("submissions", "check", good, "--arena", arena, "--json").stdout)
    (estimate,) = document["estimates"]
    assert (estimate["profile"], estimate["devices"], estimate["evaluations"]) == ("8xh100", 8, 0)
    for day in (1, 2, 3):
        ledger = make_ledger(day, 1000 * day, 100, protocol="arena@1", profile="8xh100", devices=8)
        path = f"costs/{ledger.submission}/arena@1.json"
        results.commit([Change(path, to_json(ledger))], results.head())
    assert run_command("submissions", "check", good, "--arena", arena).stdout.endswith("from 3 measured evaluations.\n")


@pytest.mark.integration
def test_check_refuses_with_file_line_and_fix(arena: Path, tmp_path: Path) -> None:
    (tmp_path / f"{BANK}.jsonl").write_bytes(GOOD + b"bad\n")
    done = run_command("submissions", "check", tmp_path / f"{BANK}.jsonl", "--arena", arena)
    assert done.returncode == 1
    assert f"error    {BANK}.jsonl:21: The line is not JSON: expecting value at column 1. Write each" in done.stdout
    assert done.stdout.endswith("Refused: 1 error(s).\n")


@pytest.mark.integration
def test_check_prints_one_json_document(tmp_path: Path, good: Path) -> None:
    (tmp_path / "tasks.jsonl").write_bytes(to_jsonl([make_task(BANK, "text_classification")]))
    for source, code in ((good, 0), (tmp_path / "tasks.jsonl", 1)):
        done = run_command("submissions", "check", source, "--tasks", tmp_path / "tasks.jsonl", "--json")
        assert (done.returncode, done.stderr) == (code, "")
        assert json.loads(done.stdout)["accepted"] is (code == 0)


@pytest.mark.integration
def test_fix_writes_a_corrected_delivery_that_passes(arena: Path, tmp_path: Path) -> None:
    (tmp_path / f"{BANK}.JSONL").write_bytes(b"\xef\xbb\xbf" + GOOD.replace(b"input", b"Input"))
    done = run_command("submissions", "fix", tmp_path / f"{BANK}.JSONL", "--to", tmp_path / "new", "--arena", arena)
    assert (done.returncode, done.stderr) == (0, "")
    assert "byte order mark" in done.stdout
    assert "Lines 1, 2, 3" in done.stdout
    assert run_command("submissions", "check", tmp_path / "new", "--arena", arena).returncode == 0
    again = run_command("submissions", "fix", "x", "--to", tmp_path / "new", "--arena", arena)
    assert (again.returncode, "already exists" in again.stderr) == (1, True)


@pytest.mark.integration
def test_fix_of_a_sound_delivery_leaves_no_folder_and_exits_0(arena: Path, tmp_path: Path, good: Path) -> None:
    done = run_command("submissions", "fix", good, "--to", tmp_path / "new", "--arena", arena, "--json")
    assert done.returncode == 0
    printed = json.loads(done.stdout)
    assert printed["corrections"] == []
    assert printed["remaining"]["files"][0]["rows"] == 20
    assert not (tmp_path / "new").exists()


@pytest.mark.integration
def test_fix_that_could_mend_nothing_leaves_no_folder_and_exits_1(arena: Path, tmp_path: Path) -> None:
    bad = tmp_path / "cls-en-bank-intents.jsonl"
    bad.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    done = run_command("submissions", "fix", bad, "--to", tmp_path / "new", "--arena", arena)
    assert done.returncode == 1
    assert "Nothing could be fixed without guessing." in done.stdout
    assert "a git-lfs pointer" in done.stdout
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "x", "--bogus"], "No such option"),
        (["nonsense"], "No such command"),
        (["check", "x"], "exactly one of --arena, --benchmark and --tasks"),
        (["check", "x", "--arena", "/no/such/arena"], "check --arena"),
        (["check", "x", "--tasks", "none.jsonl"], "No file none.jsonl with tasks"),
        (["check", "x", "--arena", "{arena}", "--track", "chess"], "No track 'chess'"),
        (["status", "nonsense", "--arena", "{arena}"], "is not a submission id"),
        (["status", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--arena", "{arena}"], "No submission 01ARZ3"),
        (["submit", "x", "--arena", "{arena}", "--system", "", "--system-type", "search", "--team", "t"], "system: "),
        (["submit", "x", "--arena", "{arena}", "--system", "s", "--system-type", "magic", "--team", "t"], "magic"),
    ],
)
def test_a_mistake_ends_with_1_and_says_what_it_is(arena: Path, arguments: list[str], said: str) -> None:
    done = run_command("submissions", *(argument.format(arena=arena) for argument in arguments))
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


@pytest.mark.integration
@pytest.mark.parametrize("where", [("--arena", "{arena}"), ("--benchmark", "{arena}/results")])
@pytest.mark.parametrize("command", ["check", "fix"])
def test_a_source_that_does_not_exist_is_named(arena: Path, command: str, where: tuple[str, str]) -> None:
    options = ["--to", str(arena / "fixed")] if command == "fix" else []
    done = run_command("submissions", command, "no-such-file", where[0], where[1].format(arena=arena), *options)
    assert done.returncode == 1
    assert "No file or folder no-such-file" in done.stderr
    assert done.stdout == ""


@pytest.mark.integration
def test_help_ends_with_0() -> None:
    assert run_process("submissions", "--help").returncode == 0


def test_a_mistake_in_json(arena: Path) -> None:
    done = run_command("submissions", "status", "nonsense", "--arena", arena, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["fault"] == "submission"


@pytest.mark.integration
def test_our_failures_end_with_2(arena: Path, good: Path) -> None:
    (arena / "results" / "tasks.jsonl").write_text("damaged")
    done = run_command("submissions", "check", good, "--arena", arena, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["fault"] == "evaluator"


@pytest.mark.integration
def test_a_bug_of_ours_ends_with_2() -> None:
    code = (
        "from submissions.cli.app import app; from submissions.cli.runtime import run_app; "
        "run_app(app, 'submissions', ['--help']); raise KeyError('a bug')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "KeyError: 'a bug'" in done.stderr


INTERRUPTED = """
import signal
import sys, time
import typer
from submissions.cli.runtime import run_app

# Where the tests run in the background, an interrupt is ignored and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
app = typer.Typer()

@app.command()
def wait(how: str) -> None:
    print("ready", flush=True)
    if how == "prompt":
        typer.prompt("Name")
    time.sleep(60)

sys.exit(run_app(app, "waiting", sys.argv[1:]))
"""


@pytest.mark.integration
@pytest.mark.parametrize("how", ["work", "prompt"])
def test_an_interrupt_is_neither_refused_nor_our_failure(how: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, how]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        assert child.stdout
        assert child.stderr
        assert child.stdout.readline() == "ready\n"
        if how == "prompt":
            assert child.stdout.read(4) == "Name"
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
        assert "Traceback" not in child.stderr.read()


@pytest.mark.integration
def test_a_full_disk_is_our_failure(arena: Path, good: Path) -> None:
    limited = f"ulimit -f 0; exec {sys.executable} -m submissions check {good} --arena {arena}"
    done = subprocess.run(["bash", "-c", limited], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "The machine failed, not the submission" in done.stderr


@pytest.mark.integration
def test_a_submission_from_its_delivery_to_its_download(arena: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr(f"mine/{BANK}.jsonl", GOOD)
    who = ("--system", "Finder", "--system-type", "search", "--team", "Nhóm", "--url", "https://example.org")
    done = run_process("submissions", "submit", tmp_path / "mine.zip", "--arena", arena, *who, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    ulid = json.loads(done.stdout)["id"]
    submission = open_arena(str(arena)).read_submission(ulid)
    assert (submission.team, submission.submitter) == ("Nhóm", "Nhóm")

    assert f"{ulid}: received" in run_process("submissions", "status", ulid.lower(), "--arena", arena).stdout
    done = run_process("submissions", "download", ulid, "--arena", arena, "--to", tmp_path / "early")
    assert "There is no result yet" in done.stdout
    assert sorted(os.listdir(tmp_path / "early")) == ["data", "submission.json"]

    publish(open_arena(str(arena)), submission)
    shown = run_process("submissions", "status", ulid, "--arena", arena).stdout
    assert "0.100 to 0.400" in shown
    assert (
        json.loads(run_process("submissions", "status", ulid, "--arena", arena, "--json").stdout)["totals"][0]["gain"][
            "value"
        ]
        == 0.25
    )

    target = tmp_path / "late"
    done = run_process("submissions", "download", ulid, "--arena", arena, "--to", target, "--json")
    files = [f"data/{BANK}.jsonl", "result.json", "submission.json", "tasks.csv", "tasks.json", "tasks.parquet"]
    assert json.loads(done.stdout)["files"] == files
    assert all((target / file).is_file() for file in files)
    assert list(pd.read_csv(target / "tasks.csv")["task"]) == [BANK, BANK, SARCASM]
    assert run_process("submissions", "download", ulid, "--arena", arena, "--to", target).returncode == 1


@pytest.mark.integration
def test_progress_is_shown_on_a_terminal_only(arena: Path, good: Path) -> None:
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "submissions", "check", str(good), "--arena", str(arena)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=end, env={**os.environ, "TERM": "xterm"}):
        os.close(end)
        seen = b""
        with contextlib.suppress(OSError):  # how a terminal says that its other end has closed
            while block := os.read(terminal, 4096):
                seen += block
    os.close(terminal)
    assert b"1/1" in seen
    assert run_command("submissions", "check", good, "--arena", arena).stderr == ""


@pytest.mark.integration
def test_submit_says_how_to_follow_and_stores_nothing_that_is_refused(arena: Path, good: Path) -> None:
    who = ("--system", "Finder", "--system-type", "search", "--team", "Team")
    assert "python -m submissions status 0" in run_command("submissions", "submit", good, "--arena", arena, *who).stdout
    good.write_bytes(b"bad\n")
    done = run_command("submissions", "submit", good, "--arena", arena, *who, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["id"] is None
    assert len(open_arena(str(arena)).submission_ids()) == 1


def told(arena: Path, ulid: str, *statuses: Status) -> None:
    repo = open_arena(str(arena)).results
    history = History(submission=ulid, entries=statuses)
    repo.commit([Change(f"status/{ulid}.json", to_json(history))], repo.head())


@pytest.mark.integration
def test_a_private_submission_is_followed_and_published(arena: Path, good: Path) -> None:
    who = ("--system", "Finder", "--system-type", "search", "--team", "Team", "--private")
    ulid = json.loads(run_command("submissions", "submit", good, "--arena", arena, *who, "--json").stdout)["id"]
    where = open_arena(str(arena))
    assert where.read_submission(ulid).private
    start = NOW.replace(hour=9)
    queued = Status(state="queued", place=2, of=7, expected_start=start, message="Number 2 of 7.", time=NOW)
    told(arena, ulid, queued)
    assert (
        "queued (place 2 of 7, expected to start 2026-03-04 09:06 UTC)"
        in run_command("submissions", "status", ulid, "--arena", arena).stdout
    )
    done = run_command("submissions", "retry", ulid, "--arena", arena)
    assert (done.returncode, done.stdout) == (1, "")
    assert ": It is queued: only a failed submission can be retried." in done.stderr

    result = result_of(where.read_submission(ulid))
    where.drafts.commit([Change(f"results/{ulid}/demo@1.json", to_json(result))], where.drafts.head())
    told(arena, ulid, queued, Status(state="evaluated", message="Evaluated.", time=NOW))
    shown = run_command("submissions", "status", ulid, "--arena", arena).stdout
    assert "`publish` makes it public" in shown
    assert "Finder under demo@1 (private): gain" in shown
    assert "Requested:" in run_command("submissions", "publish", ulid.lower(), "--arena", arena, "--samples").stdout
    ((wish),) = where.read_owner_requests(ulid)
    assert (wish.kind, wish.by, wish.samples) == ("publish", "", True)


def test_a_failure_shows_the_end_of_its_log_and_can_be_tried_again(arena: Path, tmp_path: Path) -> None:
    where = open_arena(str(arena))
    ulid = stored(where, tmp_path).id
    failed = Status(
        state="failed", message="The engine went away.", log_tail="a\n\x1b[31mb", fault="evaluator", time=NOW
    )
    told(arena, ulid, failed)
    shown = run_command("submissions", "status", ulid, "--arena", arena).stdout
    assert "The engine went away.\n    | a\n    | \\x1b[31mb\n" in shown
    assert "costs no attempt" in shown
    assert json.loads(run_command("submissions", "retry", ulid, "--arena", arena, "--json").stdout)["asked"] == "retry"
    assert run_command("submissions", "publish", ulid, "--arena", arena).returncode == 1
    assert run_command("submissions", "withdraw", ulid, "--arena", arena).returncode == 0
    assert "Its withdrawal is requested" in run_command("submissions", "retry", ulid, "--arena", arena).stderr
    assert [wish.kind for wish in where.read_owner_requests(ulid)] == ["retry", "withdraw"]
    told(arena, ulid, Status(state="withdrawn", message="Withdrawn.", time=NOW))
    assert "It is withdrawn, which is final." in run_command("submissions", "withdraw", ulid, "--arena", arena).stderr


def test_a_preview_is_shown_as_one(arena: Path, tmp_path: Path) -> None:
    where = open_arena(str(arena))
    submission = stored(where, tmp_path)
    preview = Change(f"previews/{submission.id}/demo@1.json", to_json(result_of(submission)))
    where.results.commit([preview], where.results.head())
    assert (
        "(preview: before fine-tuning)" in run_command("submissions", "status", submission.id, "--arena", arena).stdout
    )
    document = json.loads(run_command("submissions", "status", submission.id, "--arena", arena, "--json").stdout)
    assert (document["totals_are"], document["totals"][0]["gain"]["n"]) == ("preview", 2)


def test_names_are_never_read_as_markup(arena: Path, tmp_path: Path) -> None:
    where = open_arena(str(arena))
    submission = stored(where, tmp_path)
    publish(where, submission)
    assert "=Finder [bold] under demo@1" in run_command("submissions", "status", submission.id, "--arena", arena).stdout
