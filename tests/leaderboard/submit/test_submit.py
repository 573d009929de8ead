"""The submit form: what it takes, what it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.submit.check_job import CHECKS
from leaderboard.submit.check_sessions import (
    MAX_OWN_SESSIONS,
    MAX_PER_ADDRESS,
    MAX_SESSIONS,
    SESSION_SECONDS,
    CheckSessions,
    TooManyChecks,
    TooManyOwnChecks,
)
from leaderboard.submit.upload_files import MAX_NAME_LENGTH, safe_file_name
from leaderboard.web.auth.visitor import COOKIE, new_visitor_key
from leaderboard.web.uploads import LARGEST
from submissions.arena.arena import Arena, commit_with_retry
from submissions.errors import NotFound
from submissions.estimation.row_preview import MAX_CHARACTERS
from submissions.records.check_report import Problem
from submissions.records.ledger import Cost, Ledger
from submissions.records.machine_speed import Machine, Speed
from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts, PromptFrame
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from tests.support.site_client import Open
from tests.support.web_submissions import FIELDS, GOOD, ROWS, send

pytestmark = pytest.mark.integration


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
    stored = arena.read_submission(new)
    assert (stored.system, stored.provenance.url) == ("My <System>", "https://example.org/")
    assert [row.output for row in arena.read_rows(stored, "mc-en-science")][:2] == ["answer 0", "answer 1"]
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


def test_a_form_that_is_read_into_memory_is_short(site: TestClient) -> None:
    answer = site.post("/submit", data={**FIELDS, "description": "x" * (LARGEST + 1)})
    assert answer.status_code == 413
    assert "larger than 4 MB" in answer.text


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
    assert safe_file_name(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_file_name("é" * 300 + ".jsonl")
    assert len(name.encode()) <= MAX_NAME_LENGTH
    assert name.endswith(".jsonl")


CHECKED = re.compile(r"/checks/([A-Za-z0-9_-]{32})")
FRAME = PromptFrame(
    protocol="demo@1", before="<|user|>", between="<|bot|>", after="<|end|>", max_tokens=64, bytes_per_token=2.0,
    epochs=3, max_rows=1000,
)  # fmt: skip
MENDABLE = ("mc-en-science.jsonl", b"\xef\xbb\xbf" + ROWS.replace(b"input", b"Input"))


def watch(site: TestClient, action: str, *files: tuple[str, bytes], **fields: str) -> str:
    """Send as a script does; the address of the check's page, once the check is over."""
    data = {**FIELDS, **fields, "action": action}
    parts = [("files", file) for file in files]
    answer = site.post("/submit", data=data, files=parts, headers={"Accept": "application/json"})
    assert answer.status_code == 202
    address = str(answer.json()["address"])
    assert answer.headers["location"] == address
    CHECKS.submit(lambda _: None).future.result()
    while "hx-get" in site.get(address).text:
        CHECKS.submit(lambda _: None).future.result()
    return address


def put(arena: Arena, path: str, content: bytes) -> None:
    commit_with_retry(arena.results, [Change(path, content)])


def test_a_script_is_sent_to_a_page_with_the_report(site: TestClient) -> None:
    page = site.get(watch(site, "check", ("mc-en-science.jsonl", ROWS + b'{"input": "x"}\n')))
    assert page.status_code == 200
    assert "Refused: 1 error" in page.text
    assert "mc-en-science.jsonl:13" in page.text
    assert page.headers["cache-control"] == "private, no-store"


def test_a_script_that_submits_is_sent_to_the_submission(arena: Arena, site: TestClient) -> None:
    before = set(arena.submission_ids())
    address = watch(site, "submit", GOOD)
    (new,) = set(arena.submission_ids()) - before
    assert site.get(address).headers["location"] == f"/submissions/{new}"
    assert site.get(address, headers={"HX-Request": "true"}).headers["hx-redirect"] == f"/submissions/{new}"


def test_a_running_check_shows_what_is_known_and_asks_again(site: TestClient) -> None:
    check = site.app.state.site.checks.create_session("", FIELDS | {"publish": "at_once"}, is_bound=False)  # type: ignore[attr-defined]
    check.update_progress("b<i>.jsonl", 1, 3)
    check.add_problems([
        Problem(level="warning", file="a.jsonl", what="Odd.", fix="Nothing."),
        Problem(level="error", file="b<i>.jsonl", line=4, what="Bad.", fix="Mend it."),
        Problem(level="error", file="b<i>.jsonl", line=6, what="Bad.", fix="Mend it."),
    ])  # fmt: skip
    text = site.get(f"/checks/{check.key}").text
    assert f'hx-get="/checks/{check.key}"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "1 of 3 files done: <bdi>b&lt;i&gt;.jsonl</bdi>" in text
    assert text.index("Bad.") < text.index("Odd.")
    assert text.count("Bad.") == 1
    assert "and line 6" in text
    check.finish()
    assert "hx-get" not in site.get(f"/checks/{check.key}").text


def test_another_browser_sees_nothing_of_a_check(site: TestClient) -> None:
    address = watch(site, "check", MENDABLE)
    assert site.get(address).status_code == 200
    stranger = TestClient(site.app, follow_redirects=False)
    for path in (address, f"{address}/mc-en-science.jsonl", f"{address}/corrected.zip"):
        assert stranger.get(path).status_code == 404
        assert stranger.get(path, headers={"Cookie": f"{COOKIE}={'x' * 43}"}).status_code == 404
    assert site.get("/checks/nonsense").status_code == 404


def test_a_corrected_file_is_offered_and_passes_when_sent_again(site: TestClient) -> None:
    address = watch(site, "check", MENDABLE, ("sum-zh-news.jsonl", b"bad\n"))
    text = site.get(address).text
    assert "The byte order mark was removed." in text
    assert "&#39;Input&#39; is now called input." in text
    assert "Errors to fix by hand: 1 error" in text
    corrected = site.get(f"{address}/mc-en-science.jsonl")
    assert "attachment" in corrected.headers["content-disposition"]
    assert [json.loads(line) for line in corrected.content.splitlines()] == [
        json.loads(line) for line in ROWS.splitlines()
    ]
    again = send(site, "check", ("mc-en-science.jsonl", corrected.content))
    assert again.status_code == 200
    packed = zipfile.ZipFile(io.BytesIO(site.get(f"{address}/corrected.zip").content))
    assert sorted(packed.namelist()) == ["mc-en-science.jsonl", "sum-zh-news.jsonl"]
    for name in ("sum-zh-news.jsonl", "..%2f..%2fetc%2fpasswd", "other"):
        assert site.get(f"{address}/{name}").status_code == 404


def test_without_a_script_the_report_offers_the_same(site: TestClient) -> None:
    text = send(site, "submit", MENDABLE).text
    found = CHECKED.search(text)
    assert found
    assert site.get(f"{found[0]}/mc-en-science.jsonl").content.startswith(b'{"input":"question 0"')


def test_a_file_with_nothing_to_mend_offers_no_copy(site: TestClient, temporary: Path) -> None:
    address = watch(site, "check", GOOD)
    assert "ready to download" not in site.get(address).text
    assert site.get(f"{address}/corrected.zip").status_code == 404
    assert list(temporary.iterdir()) == []


def test_rows_are_shown_in_the_frame_of_the_protocol(arena: Arena, site: TestClient) -> None:
    put(arena, "frames.jsonl", to_jsonl([FRAME]))
    rows = [
        {"input": "سؤال <b>" + "x" * 4000, "output": "جواب"},
        *({"input": "a", "output": f"b{n}"} for n in range(11)),
    ]
    sarcasm = ("cls-ar-sarcasm.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    address = watch(site, "check", GOOD, sarcasm)
    text = site.get(f"{address}?task=cls-ar-sarcasm").text
    assert text.count('<div class="frame-text" dir="ltr">&lt;|user|&gt;</div>') == 3
    assert '<div class="row-text" dir="auto" lang="ar">جواب</div>' in text
    assert "سؤال &lt;b&gt;" in text
    assert f"and {4000 + len('سؤال <b>') - MAX_CHARACTERS} more characters" in text
    assert "About 1 row would be truncated." in text
    assert text.count("truncated after 64") == 2
    assert "question 0" in site.get(f"{address}?task=mc-en-science").text
    assert site.get(f"{address}?task=qa-en-tables").status_code == 404
    assert site.get(f"{address}?protocol=paper@1").status_code == 404


def test_without_a_frame_rows_are_shown_bare_and_it_says_why(site: TestClient) -> None:
    text = site.get(watch(site, "check", GOOD)).text
    assert "no evaluator has published the prompt frame of a protocol yet" in text
    assert "question 0" in text
    assert "the tokens of these rows cannot be counted" in text


def test_an_estimate_names_its_basis(arena: Arena, site: TestClient) -> None:
    put(arena, "frames.jsonl", to_jsonl([FRAME.model_copy(update={"protocol": "arena@1"})]))
    assert "No evaluation has been measured yet under arena@1" in site.get(watch(site, "check", GOOD)).text
    for number, ulid in enumerate(list(arena.published_protocols())[:4], 1):
        trained = Cost(task="mc-en-science", stage="fine_tune", seconds=600 + 2 * number, tokens_trained=1000 * number)
        ledger = Ledger(submission=ulid, protocol="arena@1", profile="h200", devices=2, hour_price=9, costs=(trained,))
        put(arena, f"costs/{ulid}/arena@1.json", to_json(ledger))
        text = site.get(watch(site, "check", GOOD)).text
        assert (f"{number} evaluation" in text, "an estimate needs 3" in text) == (True, number < 3)
    assert "from 4 evaluations under arena@1 on the profile h200 (2 devices)" in text
    assert "10 min" in text
    assert "$3" in text


def test_before_anything_was_measured_the_machine_s_profile_is_asked_and_named(arena: Arena, site: TestClient) -> None:
    speed = Speed(start_seconds=900, screened_rows=100, trained_tokens=10, training_seconds=60, prompt_tokens=100,
                  generated_tokens=10, doubt=3)  # fmt: skip
    planning = PlanningFacts(
        machine=Machine(profile="8xh100", devices=8, hour_price=2.0, speed=speed), shots=(1,), draws=1,
        max_prompt_tokens=50, exam=EvalSetLoad(items=10, question_tokens=20, answer_tokens=2, limit_tokens=4),
    )  # fmt: skip
    put(arena, "frames.jsonl", to_jsonl([FRAME.model_copy(update={"protocol": "arena@1", "planning": planning})]))
    text = site.get(watch(site, "check", GOOD)).text
    assert "Estimated from the machine's profile, not measured" in text
    assert "the profile 8xh100 (8 devices)" in text
    assert "So far 0 evaluations under arena@1 have been measured; an estimate from measurements needs 3" in text
    assert "a 3× faster machine" in text
    assert re.search(r"<dt>Wall time</dt><dd>\d+ min to [^<]+, expected \d+ min</dd>", text)
    assert re.search(r"<dt>Price</dt><dd>\$[\d.]+ to \$[\d.]+</dd>", text)
    for ulid in list(arena.published_protocols())[:3]:
        trained = Cost(task="mc-en-science", stage="fine_tune", seconds=600, tokens_trained=1000)
        ledger = Ledger(submission=ulid, protocol="arena@1", profile="h200", devices=2, costs=(trained,))
        put(arena, f"costs/{ulid}/arena@1.json", to_json(ledger))
    text = site.get(watch(site, "check", GOOD)).text
    assert "from 3 evaluations under arena@1 on the profile h200" in text
    assert "not measured" not in text


def test_what_is_learned_from_past_evaluations_is_learned_once(
    arena: Arena, site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(arena, "frames.jsonl", to_jsonl([FRAME]))
    learned: list[int] = []

    def judge(past: list[Ledger]) -> None:
        learned.append(len(past))

    monkeypatch.setattr("leaderboard.submit.preview.fit_cost_model", judge)
    address = watch(site, "check", GOOD)
    for _ in range(3):
        assert site.get(address).status_code == 200
    assert len(learned) == 1


def test_a_submission_belongs_to_the_browser_that_sent_it(arena: Arena, site: TestClient) -> None:
    answer = send(site, "submit", GOOD)
    cookie = answer.headers["set-cookie"]
    assert ("HttpOnly" in cookie, "SameSite=lax" in cookie, "Secure" in cookie) == (True, True, False)
    one = arena.read_submission(answer.headers["location"].rpartition("/")[2])
    assert re.fullmatch("key:[0-9a-f]{64}", one.owner)
    assert one.private
    other = arena.read_submission(send(site, "submit", GOOD, publish="at_once").headers["location"].rpartition("/")[2])
    assert (other.owner, other.private) == (one.owner, False)
    mine = site.get("/submissions.json?mine=1")
    assert {row["id"] for row in mine.json()} == {one.id, other.id}
    assert mine.headers["cache-control"] == "private, no-store"
    assert f"/submissions/{one.id}" in site.get("/submit").text
    stranger = TestClient(site.app)
    assert stranger.get("/submissions.json?mine=1").json() == []
    assert "No submissions from this browser yet" in stranger.get("/submit").text
    assert len(stranger.get("/submissions.json").json()) > 2


def test_a_key_that_comes_over_https_is_never_sent_without(site: TestClient) -> None:
    answer = site.post("/submit", data={**FIELDS, "action": "check"}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]


def test_a_check_that_breaks_says_whose_fault_it_is(
    arena: Arena, site: TestClient, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = arena.submissions.head()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("submissions.check_process.delivery_check.DeliveryCheck.repair_sources", fail)
    text = site.get(watch(site, "submit", ("mc-en-science.jsonl", b"bad"))).text
    assert "The check failed on our side" in text
    assert "The disk of this machine is full. Nothing was stored" in text
    assert arena.submissions.head() == before
    assert list(temporary.iterdir()) == []


def test_an_upload_that_cannot_be_kept_takes_no_place_for_good(
    arena: Arena, visit: Open, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert arena.read_tasks()
    site = TestClient(visit().app, raise_server_exceptions=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("leaderboard.submit.start_check.save_uploads", full)
        assert {send(site, "check", GOOD).status_code for _ in range(MAX_SESSIONS + 1)} == {507}
    assert list(temporary.iterdir()) == []
    assert send(site, "check", GOOD).status_code == 200


def test_checks_are_forgotten_after_an_hour_and_never_too_many(temporary: Path) -> None:
    now = 0.0
    checks = CheckSessions(clock=lambda: now)
    first = checks.create_session("key:first", {})
    first.finish()
    running = [checks.create_session(f"key:{n}", {}) for n in range(MAX_SESSIONS - 1)]
    checks.create_session("key:a", {}).finish()
    with pytest.raises(NotFound):
        checks.get(first.key, "key:first")
    last = checks.create_session("key:a", {})
    with pytest.raises(TooManyChecks):
        checks.create_session("key:a", {})
    now = 2 * SESSION_SECONDS
    for check in running[:2]:
        check.finish()
        with pytest.raises(NotFound):
            checks.get(check.key, check.owner)
    assert checks.get(last.key, "key:a") is last
    assert len(list(temporary.iterdir())) == MAX_SESSIONS - 2


@pytest.mark.usefixtures("temporary")
def test_nobody_s_checks_drive_out_all_others() -> None:
    checks = CheckSessions()
    mine = checks.create_session("key:mine", {}, address="192.0.2.1")
    mine.finish()
    for n in range(2 * MAX_SESSIONS):
        checks.create_session("key:other", {}).finish()
        checks.create_session(f"key:{n}", {}, address="192.0.2.9").finish()
    assert checks.get(mine.key, "key:mine") is mine
    for _ in range(MAX_OWN_SESSIONS):
        checks.create_session("key:other", {})
    with pytest.raises(TooManyOwnChecks):
        checks.create_session("key:other", {})
    for n in range(MAX_PER_ADDRESS):
        checks.create_session(f"key:{n}", {}, address="192.0.2.9")
    with pytest.raises(TooManyChecks):
        checks.create_session("key:new", {}, address="192.0.2.9")
    checks.create_session("key:new", {}, address="192.0.2.10")


def test_a_place_is_taken_only_once_the_upload_is_complete(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()
    site = visit()
    key, owner = new_visitor_key()
    checks = site.app.state.site.checks  # type: ignore[attr-defined]
    running = [checks.create_session(owner, {}) for _ in range(MAX_OWN_SESSIONS - 1)]
    seen: list[int] = []

    def body() -> Iterator[bytes]:
        seen.append(len(checks._checks))
        yield b"--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x", "cookie": f"{COOKIE}={key}"}
    assert site.post("/submit", content=body(), headers=headers).status_code == 422
    assert seen == [MAX_OWN_SESSIONS - 1], "its own place was not among them"
    checks.create_session(owner, {})
    answer = site.post("/submit", content=body(), headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert f"{MAX_OWN_SESSIONS} of your submissions are being checked" in answer.text
    assert len(seen) == 1, "nothing is read in vain"
    assert len(running) == MAX_OWN_SESSIONS - 1


@pytest.mark.usefixtures("arena")
def test_what_breaks_off_gives_its_place_back(visit: Open, temporary: Path) -> None:
    site = visit(MAX_UPLOAD_MB="1")
    large = ("mc-en-science.jsonl", b"x" * (2 * 2**20))
    assert send(site, "check", large).status_code == 413
    assert send(site, "check", GOOD, track="none").status_code == 404
    assert site.app.state.site.checks._checks == {}  # type: ignore[attr-defined]
    assert list(temporary.iterdir()) == []


def test_one_owner_submits_only_so_often_an_hour(
    arena: Arena, site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leaderboard.submit.start_check.MAX_SUBMISSIONS_PER_HOUR", 2)
    assert [send(site, "submit", GOOD).status_code for _ in range(2)] == [303, 303]
    before = arena.submissions.head()
    answer = send(site, "submit", GOOD)
    assert answer.status_code == 429
    assert 3000 < int(answer.headers["retry-after"]) <= 3600
    assert "You made 2 submissions within the hour." in answer.text
    assert arena.submissions.head() == before
    assert send(site, "check", GOOD).status_code == 200
    site.cookies.clear()
    assert send(site, "submit", GOOD, team="Another team").status_code == 303


def test_a_webhook_is_stored_and_shown_to_nobody(arena: Arena, site: TestClient) -> None:
    url = "https://hooks.example.org/a?key=1"
    wrong = send(site, "submit", GOOD, webhook="http://10.0.0.1/")
    assert wrong.status_code == 422
    assert 'id="webhook-fault">it must be an address that begins with https://' in wrong.text
    address = send(site, "submit", GOOD, webhook=url, webhook_secret="s3cret").headers["location"]
    told = arena.read_webhook(address.removeprefix("/submissions/"))
    assert told is not None
    assert (told.url, told.secret) == (url, "s3cret")
    for page in (address, f"{address}/feed.atom", "/submissions", "/submissions.json", "/submit"):
        answer = site.get(page)
        assert answer.status_code == 200
        assert "hooks.example" not in answer.text
        assert "s3cret" not in answer.text
