"""Where a submitter may ask to be told: what is taken, where it is kept, and that nothing shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from submissions.arena.arena import Arena, open_arena
from submissions.arena.ids import submission_dir
from submissions.checking.check import check_sources
from submissions.errors import InvalidForm
from submissions.records.submission import Submission
from submissions.records.webhook import FILE, Webhook
from submissions.records.webhook_address import require_public_https
from submissions.submitting.download import download_submission
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.command_lines import run_command
from tests.support.submission_inputs import BANK, GOOD
from tests.support.submission_records import FORM, NOW, arena_with_tasks

URL = "https://hooks.example.org:8443/a?key=1"


def delivered(arena: Arena, work: Path, **fields: str) -> Submission:
    source, into = work / f"{BANK}.jsonl", work / "into"
    source.write_bytes(GOOD)
    into.mkdir()
    report = check_sources([source], arena.read_tasks(), into=into, track=TRACKS["dataset_research"])
    return store_submission(arena, report, into, SubmissionForm.from_form({**FORM, **fields}), NOW)


def test_it_is_kept_beside_the_submission_and_not_in_it(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    one = delivered(arena, tmp_path, webhook=URL, webhook_secret="s3cret")
    assert arena.read_webhook(one.id) == Webhook(url=URL, secret="s3cret")
    folder = tmp_path / "arena/submissions" / submission_dir(one.id)
    assert {path.name for path in folder.iterdir()} == {"submission.json", FILE, "data"}
    assert "hooks.example.org" not in (folder / "submission.json").read_text()
    assert FILE not in download_submission(arena, one.id, tmp_path / "got")


def test_without_one_nothing_is_kept(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    one = delivered(arena, tmp_path, webhook="", webhook_secret="unused")
    assert arena.read_webhook(one.id) is None
    assert not [path for path in arena.submissions.list() if path.endswith(FILE)]


@pytest.mark.parametrize("url", ["", URL, "https://8.8.8.8/", "https://例え.jp/x", "https://[2606:4700::1111]/"])
def test_what_is_taken(url: str) -> None:
    assert require_public_https(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "hooks.example.org",
        "https://",
        "https:///path",
        "https://a b.example/",
        "https://a.example/\n",
        "https://name:word@hooks.example.org/",
        "https://hooks.example.org:99999/",
        "https://[",
        "https://localhost/",
        "https://localhost./",
        "https://printer.local/",
        "https://db.internal:5432/",
        "https://2130706433/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://hooks.example.org/" + "a" * 500,
    ],
)
def test_what_is_not_taken_is_told_by_its_field(url: str) -> None:
    with pytest.raises(InvalidForm) as refused:
        SubmissionForm.from_form({**FORM, "webhook": url})
    assert list(refused.value.faults) == ["webhook"]


@pytest.mark.integration
def test_the_command_stores_it_or_says_what_is_wrong(tmp_path: Path) -> None:
    arena_with_tasks(tmp_path / "arena")
    (tmp_path / f"{BANK}.jsonl").write_bytes(GOOD)
    who = ("--system", "Finder", "--system-type", "search", "--team", "Team", "--arena", tmp_path / "arena", "--json")
    source = tmp_path / f"{BANK}.jsonl"
    wrong = run_command("submissions", "submit", source, *who, "--webhook", "http://hooks.example.org")
    assert wrong.returncode == 1
    assert wrong.stderr == "webhook: it must be an address that begins with https://\n"
    done = run_command(
        "submissions", "submit", source, *who, "--webhook", URL, ARENA_WEBHOOK_SECRET="from the environment"
    )
    ulid = json.loads(done.stdout)["id"]
    assert open_arena(str(tmp_path / "arena")).read_webhook(ulid) == Webhook(url=URL, secret="from the environment")
