"""One rendering however many visitors ask, none for those who left, and compressed copies within a bound."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import brotli
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message

from leaderboard.app import make_app
from leaderboard.ranking import board_ranks
from leaderboard.settings import read_settings
from leaderboard.web import site as site_module
from leaderboard.web.response_cache import CachedResponse, ResponseCache
from leaderboard.web.single_flight import SingleFlight
from leaderboard.web.site import Site
from submissions.arena.arena import Arena
from submissions.index.result_tables import encode_table
from tests.support.asgi_visits import visit_at_once
from tests.support.event_loops import run_in_new_loop

VISITORS = 50


class CountedRenderings:
    """Counts pages and tables that are made, and holds each until all visitors have asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.open = threading.Event()
        monkeypatch.setattr(Site, "render", self._count(Site.render))
        monkeypatch.setattr(site_module, "encode_table", self._count(encode_table))

    def _count(self, function: Callable[..., object]) -> Callable[..., object]:
        def counted(*given: object) -> object:
            self.count += 1
            assert self.open.wait(60)
            return function(*given)

        return counted


def make_site(folder: Path) -> tuple[object, Site]:
    app = make_app(read_settings({"ARENA": str(folder)}))
    return app, app.state.site


@pytest.mark.parametrize(
    "path", ["/board/dataset_research", "/insights", "/tasks/mc-en-science", "/submissions.csv", "/tasks.parquet"]
)
def test_fifty_visitors_of_a_cold_page_cost_one_rendering(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    app, site = make_site(tmp_path / "arena")
    assert arena.read_tasks()
    counted = CountedRenderings(monkeypatch)

    async def open_when_all_wait() -> None:
        while not any(flight.visitors == VISITORS for flight in list(site.renderings._flights.values())):
            await asyncio.sleep(0)
        counted.open.set()

    encodings = ["br", "gzip", "identity"]
    visits = [(path, {"accept-encoding": encodings[n % 3]}) for n in range(VISITORS)]
    answers = run_in_new_loop(visit_at_once(app, visits, meanwhile=open_when_all_wait))
    assert counted.count == 1
    bodies = {
        {"br": brotli.decompress, "gzip": gzip.decompress}.get(answer.headers.get("content-encoding", ""), bytes)(
            answer.body
        )
        for answer in answers
    }
    assert len(bodies) == 1
    assert {answer.status for answer in answers} == {200}


def test_a_board_without_its_ranks_is_cached_until_they_are_computed(
    arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = make_site(tmp_path / "arena")
    assert arena.read_tasks()
    monkeypatch.setattr(board_ranks, "CROWD", 0)
    ranks = board_ranks.RankCache(most=10**6)
    monkeypatch.setattr(board_ranks, "_PLACES", ranks)
    counted = CountedRenderings(monkeypatch)
    counted.open.set()
    free = threading.Event()
    ranks._behind.submit(free.wait, 60)
    visits = [("/board/dataset_research", {})]
    for _ in range(3):
        (answer,) = run_in_new_loop(visit_at_once(app, visits))
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    assert counted.count == 1
    free.set()
    ranks._behind.submit(lambda: None).result(60)
    for _ in range(3):
        (answer,) = run_in_new_loop(visit_at_once(app, visits))
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["etag"]
    assert counted.count == 2


def make_request(left: Callable[[], Awaitable[None]]) -> Request:
    """A request whose client leaves when `left` returns."""

    async def receive() -> Message:
        await left()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


def test_a_page_whose_visitor_has_left_already_is_not_even_queued() -> None:
    flights: SingleFlight[str] = SingleFlight()

    async def leave() -> None:
        pass

    with pytest.raises(ClientDisconnect):
        run_in_new_loop(flights.run(make_request(leave), "page", pytest.fail))
    assert flights._flights == {}


async def stay() -> None:
    await asyncio.Event().wait()


def test_a_page_is_not_begun_for_a_visitor_who_left() -> None:
    flights: SingleFlight[str] = SingleFlight(max_running=1)
    begun: list[str] = []
    free = threading.Event()

    def render(name: str) -> str:
        begun.append(name)
        assert free.wait(60)
        return name

    async def scene() -> None:
        first = asyncio.ensure_future(flights.run(make_request(stay), "first", lambda: render("first")))
        gone = asyncio.Event()

        async def leave() -> None:
            await gone.wait()

        second = [
            asyncio.ensure_future(flights.run(make_request(leave), "second", lambda: render("second")))
            for _ in range(3)
        ]
        staying = asyncio.ensure_future(flights.run(make_request(stay), "third", lambda: render("third")))
        await asyncio.sleep(0)
        gone.set()
        for visit in second:
            with pytest.raises(ClientDisconnect):
                await visit
        free.set()
        assert (await first, await staying) == ("first", "third")

    run_in_new_loop(scene())
    assert begun == ["first", "third"]
    assert flights._flights == {}


def test_one_visitor_who_leaves_takes_the_page_from_nobody() -> None:
    flights: SingleFlight[str] = SingleFlight(max_running=1)
    begun, free = threading.Event(), threading.Event()

    def hold_the_thread() -> str:
        begun.set()
        return str(free.wait(60))

    async def scene() -> str:
        block = asyncio.ensure_future(flights.run(make_request(stay), "block", hold_the_thread))
        while not begun.is_set():
            await asyncio.sleep(0)

        async def leave() -> None:
            await asyncio.sleep(0)

        with pytest.raises(ClientDisconnect):
            await asyncio.gather(flights.run(make_request(leave), "page", lambda: "page"))
        gone, waiting = (
            asyncio.ensure_future(flights.run(make_request(visitor), "page", lambda: "page"))
            for visitor in (leave, stay)
        )
        with pytest.raises(ClientDisconnect):
            await gone
        free.set()
        await block
        return await waiting

    assert run_in_new_loop(scene()) == "page"


def test_an_error_is_shared_by_those_who_wait_and_then_forgotten() -> None:
    flights: SingleFlight[str] = SingleFlight()
    calls: list[int] = []
    free = threading.Event()

    def fail_once() -> str:
        calls.append(1)
        assert free.wait(60)
        if len(calls) == 1:
            raise OSError("disk")
        return "page"

    async def scene() -> None:
        waiting = [asyncio.ensure_future(flights.run(make_request(stay), "page", fail_once)) for _ in range(5)]
        while "page" not in flights._flights or flights._flights["page"].visitors < 5:
            await asyncio.sleep(0)
        free.set()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["disk"] * 5
        assert await flights.run(make_request(stay), "page", fail_once) == "page"

    run_in_new_loop(scene())
    assert len(calls) == 2


def test_an_error_page_is_not_cached(arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, site = make_site(tmp_path / "arena")
    assert arena.read_tasks()
    with monkeypatch.context() as patch:
        patch.setattr(site.templates, "get_template", lambda _: (_ for _ in ()).throw(OSError("disk")))
        with pytest.raises(OSError, match="disk"):
            run_in_new_loop(visit_at_once(app, [("/insights", {})]))
    assert [answer.status for answer in run_in_new_loop(visit_at_once(app, [("/insights", {})]))] == [200]


def test_large_pages_are_stored_compressed_and_counted_so() -> None:
    body = b"<td>0.123</td>" * 200_000
    cached = CachedResponse(Response(body, media_type="text/html"))
    assert cached.size < len(body) / 50
    cache = ResponseCache(max_bytes=100_000)
    for n in range(20):
        cache.put(n, CachedResponse(Response(body + bytes(n), media_type="text/html")))
    assert cache.get(19)
    stored = [entry for n in range(20) if (entry := cache.get(n))]
    assert len(stored) > 5
    assert sum(entry.size for entry in stored) <= 100_000


@pytest.mark.parametrize(("accepted", "encoding"), [("br", "br"), ("gzip", "gzip"), ("gzip;q=0", ""), ("", "")])
def test_every_visitor_reads_the_same_page(accepted: str, encoding: str) -> None:
    body = b"<p>page</p>" * 1000
    cached = CachedResponse(Response(body, media_type="text/html"))
    request = Request({"type": "http", "headers": [(b"accept-encoding", accepted.encode())]})
    cache = ResponseCache()
    cache.put("page", cached)
    for _ in range(2):
        answer = cache.make_response(cached, request)
        assert answer.headers.get("content-encoding", "") == encoding
        assert int(answer.headers["content-length"]) == len(answer.body)
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(encoding, bytes)
        assert unpack(bytes(answer.body)) == body
    cache.put("other", CachedResponse(Response(b"x" * 10**6, media_type="application/vnd.apache.parquet")))
    assert cache.get("page") is cached
