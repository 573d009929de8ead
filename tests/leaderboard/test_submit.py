"""The submit form: what it takes, what it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.upload import LONGEST_NAME, file_name
from submissions.arena import Arena
from tests.leaderboard.conftest import Open

ROWS = "".join(json.dumps({"input": f"question {n}", "output": f"answer {n}"}) + "\n" for n in range(12)).encode()
FIELDS = {
    "track": "dataset_research", "system": "My <System>", "system_type": "search", "team": "Ours", "submitter": "Ada",
    "description": "From the web.", "url": "https://example.org/",
}  # fmt: skip
GOOD = ("mc-en-science.jsonl", ROWS)


def send(site: TestClient, action: str, *files: tuple[str, bytes], **fields: str):  # type: ignore[no-untyped-def]
    return site.post("/submit", data={**FIELDS, **fields, "action": action}, files=[("files", file) for file in files])


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_a_good_delivery_is_stored_and_shown(arena: Arena, site: TestClient, temporary: Path) -> None:
    before = set(arena.submission_ids())
    answer = send(site, "submit", GOOD, ("cls-ar-sarcasm.csv", b"input,output\n" + b"a,b\nc,d\n" * 6))
    assert answer.status_code == 303
    (new,) = set(arena.submission_ids()) - before
    assert answer.headers["location"] == f"/submissions/{new}"
    stored = arena.submission(new)
    assert (stored.system, stored.provenance.url) == ("My <System>", "https://example.org/")
    assert [row.output for row in arena.rows(stored, "mc-en-science")][:2] == ["answer 0", "answer 1"]
    assert "My &lt;System&gt;" in site.get(answer.headers["location"]).text
    assert list(temporary.iterdir()) == []


def test_a_check_alone_stores_nothing(arena: Arena, site: TestClient, temporary: Path) -> None:
    before = arena.submissions.head()
    answer = send(site, "check", GOOD, system="", team="", submitter="")
    assert answer.status_code == 200
    assert "The data passes the check" in answer.text
    assert arena.submissions.head() == before
    assert list(temporary.iterdir()) == []


def test_a_refusal_names_file_line_and_fix_and_stores_nothing(arena: Arena, site: TestClient, temporary: Path) -> None:
    before = arena.submissions.head()
    bad = ("mc-en-science.jsonl", ROWS + b'{"input": "x"}\n')
    answer = send(site, "submit", bad, ("<b>evil</b>.jsonl", ROWS))
    assert answer.status_code == 422
    assert "mc-en-science.jsonl:13" in answer.text
    assert "<b>evil" not in answer.text
    assert 'value="My &lt;System&gt;"' in answer.text
    assert arena.submissions.head() == before
    assert list(temporary.iterdir()) == []


def test_a_form_with_faults_marks_each_field(arena: Arena, site: TestClient) -> None:
    before = arena.submissions.head()
    answer = send(site, "submit", GOOD, system="", url="ftp://x", team="\u202eevil")
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 3
    assert arena.submissions.head() == before


def test_no_file_at_all(site: TestClient) -> None:
    answer = site.post("/submit", data={**FIELDS, "action": "submit"})
    assert answer.status_code == 422
    assert "Choose at least one file." in answer.text


@pytest.mark.usefixtures("arena")
def test_an_upload_over_the_limit_is_refused_while_it_is_sent(visit: Open, temporary: Path) -> None:
    site = visit(MAX_UPLOAD_MB="1")
    large = ("mc-en-science.jsonl", b"x" * (2 * 2**20))
    answer = send(site, "submit", large)
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.text
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("arena")
def test_a_length_that_was_not_announced_is_counted(visit: Open) -> None:
    site = visit(MAX_UPLOAD_MB="1")
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jsonl"\r\n\r\n'
    chunks = (head, *[b"x" * 65536] * 40, b"\r\n--x--\r\n")
    answer = site.post("/submit", content=iter(chunks), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_a_form_of_another_site_is_turned_away(arena: Arena, site: TestClient, headers: dict[str, str]) -> None:
    before = arena.submissions.head()
    files = [("files", GOOD)]
    answer = site.post("/submit", data={**FIELDS, "action": "submit"}, files=files, headers=headers)
    assert answer.status_code == 403
    assert arena.submissions.head() == before


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}, {}])
def test_a_form_of_ours_is_taken(site: TestClient, headers: dict[str, str]) -> None:
    files = [("files", GOOD)]
    answer = site.post("/submit", data={**FIELDS, "action": "check"}, files=files, headers=headers)
    assert answer.status_code == 200


def test_an_arena_without_tasks_says_so(visit: Open) -> None:
    site = visit("empty")
    assert "no benchmark yet" in site.get("/submit").text
    answer = send(site, "check", GOOD)
    assert answer.status_code == 404
    assert "There are no tasks" in answer.text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\a.jsonl", "a.jsonl"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a\0b.jsonl", "ab.jsonl"),
        ("folder/", "unnamed"),
    ],
)
def test_a_name_of_a_file_stays_a_name(given: str, kept: str) -> None:
    assert file_name(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = file_name("é" * 300 + ".jsonl")
    assert len(name.encode()) <= LONGEST_NAME
    assert name.endswith(".jsonl")
