"""Uploads that arrive: counted apart from checks, ended where they are slow, bounded on disk and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from leaderboard.submit.check_sessions import MAX_SESSIONS, CheckSessions, TooManyChecks
from leaderboard.submit.upload_slots import (
    DISK_SHARE,
    MAX_UPLOADS,
    MAX_UPLOADS_PER_ADDRESS,
    MAX_UPLOADS_PER_OWNER,
    MIN_AGE_SECONDS,
    UploadSlots,
)
from leaderboard.web.middleware import BodyLimit
from leaderboard.web.uploads import LARGEST, MAX_BODIES_BYTES, MAX_FIELD_BYTES
from tests.support.asgi_visits import post_parts
from tests.support.event_loops import run_in_new_loop
from tests.support.site_client import Open
from tests.support.web_submissions import FIELDS, GOOD, send

MIB = 2**20
ACCOUNT = "hf:1"


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def slots(now: list[float]) -> UploadSlots:
    return UploadSlots(10 * MIB, lambda: now[0])


def test_slow_uploads_of_one_address_leave_it_open(slots: UploadSlots, now: list[float]) -> None:
    slow = [slots.begin("", "192.0.2.1") for _ in range(MAX_UPLOADS_PER_ADDRESS)]
    slots.reserve_bytes(slow[3], 1)
    now[0] += MIN_AGE_SECONDS
    for slot in slow:
        slots.reserve_bytes(slot, 1 if slot is slow[7] else 1000)
    newcomer = slots.begin("", "192.0.2.1")
    assert [slot for slot in slow if slot.is_ended] == [slow[7]], "the slowest makes room"
    slots.reserve_bytes(newcomer, 1000)
    with pytest.raises(HTTPException) as refused:
        slots.reserve_bytes(slow[7], 1)
    assert refused.value.status_code == 503
    assert refused.value.headers == {"Retry-After": "60"}


def test_strangers_never_take_the_slots_of_accounts(slots: UploadSlots, now: list[float]) -> None:
    strangers = [slots.begin("", f"192.0.2.{n}") for n in range(MAX_UPLOADS)]
    with pytest.raises(HTTPException) as refused:  # all are too young to be compared
        slots.begin("", "192.0.2.250")
    assert refused.value.status_code == 503
    for slot in strangers[:DISK_SHARE]:
        slots.reserve_bytes(slot, 10 * MIB)
    with pytest.raises(HTTPException):
        slots.reserve_bytes(strangers[-1], 1)
    account = slots.begin(ACCOUNT, "")
    slots.reserve_bytes(account, 10 * MIB)
    now[0] += MIN_AGE_SECONDS
    slots.begin("", "192.0.2.250")
    assert not account.is_ended


def test_a_visitor_has_a_few_uploads_at_a_time(slots: UploadSlots) -> None:
    mine = [slots.begin(ACCOUNT, "") for _ in range(MAX_UPLOADS_PER_OWNER)]
    with pytest.raises(HTTPException) as refused:
        slots.begin(ACCOUNT, "")
    assert refused.value.status_code == 429
    slots.end_arrival(mine[0])
    slots.begin(ACCOUNT, "")


def test_the_disk_holds_a_bounded_number_of_bytes_until_checks_are_over(slots: UploadSlots, now: list[float]) -> None:
    full = [slots.begin("", f"192.0.2.{n}") for n in range(DISK_SHARE)]
    for slot in full:
        slots.reserve_bytes(slot, 10 * MIB)
        slots.end_arrival(slot)
    now[0] += MIN_AGE_SECONDS
    late = slots.begin("", "192.0.2.99")
    now[0] += MIN_AGE_SECONDS
    with pytest.raises(HTTPException):
        slots.reserve_bytes(late, 1)
    slots.release(full[0])
    slots.reserve_bytes(slots.begin("", "192.0.2.99"), 10 * MIB)


def test_a_stalled_upload_gives_its_bytes_to_a_quicker_one(slots: UploadSlots, now: list[float]) -> None:
    stalled = slots.begin("", "192.0.2.1")
    slots.reserve_bytes(stalled, DISK_SHARE * 10 * MIB - 1)
    now[0] += 10_000
    quick = slots.begin("", "192.0.2.2")
    slots.reserve_bytes(quick, 200 * 2**10)
    assert stalled.is_ended
    assert not quick.is_ended


def test_places_of_accounts_are_apart_from_those_of_strangers() -> None:
    checks = CheckSessions()
    for n in range(MAX_SESSIONS):
        checks.create_session(f"key:{n}", {})
    with pytest.raises(TooManyChecks):
        checks.create_session("key:new", {})
    for n in range(MAX_SESSIONS):
        checks.create_session(f"hf:{n}", {})
    with pytest.raises(TooManyChecks):
        checks.create_session("hf:new", {})
    for check in list(checks._checks.values()):
        checks.discard(check)


@pytest.mark.integration
@pytest.mark.parametrize("path", ["/submit", "/api/submit"])
@pytest.mark.parametrize("size", [5, 20])
def test_form_and_api_take_the_same_size(site: TestClient, path: str, size: int, temporary: Path) -> None:
    rows = b'{"input":"' + b"a" * 1000 + b'","output":"b"}\n'
    file = ("files", ("mc-en-science.jsonl", rows * (size * MIB // len(rows))))
    answer = site.post(path, data={**FIELDS, "action": "check"}, files=[file])
    assert answer.status_code == 200, answer.text[:300]
    assert list(temporary.iterdir()) == []
    assert not site.app.state.site.check_starter.uploads._slots  # type: ignore[attr-defined]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder, empty at first."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.integration
@pytest.mark.parametrize("path", ["/submit", "/api/submit"])
def test_files_lie_on_disk_and_are_closed_while_a_form_arrives(site: TestClient, path: str, temporary: Path) -> None:
    seen: list[tuple[int, int]] = []

    def body() -> Iterator[bytes]:
        for n in range(60):
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="f%d"\r\n\r\n' % n
            yield b"x" * 100_000 + b"\r\n"
        written = [file for file in temporary.rglob("*") if file.is_file()]
        opened = [link for link in Path("/proc/self/fd").iterdir() if _points_into(link, temporary)]
        seen.append((sum(file.stat().st_size for file in written), len(opened)))
        yield b"--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert run_in_new_loop(post_parts(site.app, path, headers, body())).status == 422
    ((size, opened),) = seen
    assert size >= 59 * 100_000
    assert opened <= 3, "the folder, and the file that arrives"
    assert list(temporary.iterdir()) == []


def _points_into(link: Path, folder: Path) -> bool:
    try:
        return link.readlink().is_relative_to(folder)
    except OSError:
        return False


@pytest.mark.parametrize("fields", [[("a", MAX_FIELD_BYTES + 1)], [(f"a{n}", MAX_FIELD_BYTES // 9) for n in range(10)]])
def test_fields_are_short_together(site: TestClient, fields: list[tuple[str, int]], temporary: Path) -> None:
    data = {name: "x" * size for name, size in fields}
    answer = site.post("/submit", data=data, files=[("files", GOOD)], headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("arena")
def test_an_upload_that_breaks_off_gives_everything_back(visit: Open, temporary: Path) -> None:
    site = visit(MAX_UPLOAD_MB="1")
    assert send(site, "check", ("a.jsonl", b"x" * (2 * MIB))).status_code == 413
    for damaged in (b"x", b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--", b"--x\r\n\r\n"):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert site.post("/submit", content=damaged, headers=headers).status_code in {400, 422}
    assert site.post("/submit", content=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400
    assert list(temporary.iterdir()) == []
    starter = site.app.state.site.check_starter  # type: ignore[attr-defined]
    assert not starter.uploads._slots
    assert not starter.checks._checks


def test_bodies_in_memory_have_a_budget_together() -> None:
    refused: list[HTTPException] = []
    held: list[int] = []

    async def read_body(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        try:
            body = await Request(scope, receive).body()
        except HTTPException as error:
            refused.append(error)
        else:
            held.append(len(body))
            await (leave if scope["path"] == "/first" else done).wait()

    leave, done = asyncio.Event(), asyncio.Event()
    done.set()
    limit = BodyLimit(read_body)

    async def post(path: str, size: int) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"x" * size, "more_body": False}

        async def send(_: Message) -> None:
            raise AssertionError

        await limit({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)

    async def scene() -> None:
        full = [asyncio.ensure_future(post("/first", LARGEST)) for _ in range(MAX_BODIES_BYTES // LARGEST)]
        await asyncio.sleep(0)
        await post("/second", 2)
        leave.set()
        await asyncio.gather(*full)
        await post("/second", 3)

    run_in_new_loop(scene())
    assert [(error.status_code, error.headers) for error in refused] == [(503, {"Retry-After": "10"})]
    assert held[-1] == 3
    assert limit.budget.used == 0
