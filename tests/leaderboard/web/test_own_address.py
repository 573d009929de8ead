"""The site's own address: SITE, the Host header, trusted proxies, and a proxy that serves the site below a path."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from leaderboard.app import make_app
from leaderboard.settings import BadSetting, is_trusted_proxy, read_settings
from leaderboard.web.own_address import OwnAddress, add_root
from submissions.arena.arena import Arena
from tests.support.site_client import Open
from tests.support.web_submissions import FIELDS, GOOD

pytestmark = pytest.mark.integration

BOARD = "/board/dataset_research"
NAMED = ("/", BOARD, f"{BOARD}/feed.atom", "/sitemap.xml", "/robots.txt", "/docs/api", "/openapi.json")


@pytest.mark.parametrize("site", ["https://arena.example", "https://arena.example/", "HTTPS://Arena.Example"])
def test_site_decides_whatever_the_request_says(arena: Arena, visit: Open, site: str) -> None:
    assert arena.read_tasks()
    client = visit(SITE=site, TRUSTED_PROXIES="0.0.0.0/0")
    said = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    for path in NAMED:
        texts = [client.get(path, headers=headers).text for headers in ({}, said, {"host": "10.1.2.3:7860"})]
        assert "https://arena.example" in texts[0], path
        assert texts[0] == texts[1] == texts[2], path
        assert "testserver" not in texts[0], path
        assert "evil" not in texts[0], path


def test_another_name_than_site_is_refused_in_words(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()
    client = visit(SITE="https://arena.example")
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert "https://arena.example" in answer.text
    assert "evil" not in answer.text
    for host in (
        "arena.example",
        "arena.example:443",
        "ARENA.example.",
        "127.0.0.1:7860",
        "[::1]:7860",
        "web",
        "localhost",
    ):
        assert client.get("/", headers={"host": host}).status_code == 200, host
    for host in ("arena.example.evil.example", "sub.arena.example", "arena.example@evil.example", "evil.example."):
        assert client.get("/", headers={"host": host}).status_code == 421, host
    for probe in ("/healthz", "/readyz"):
        assert client.get(probe, headers={"host": "node-7.cluster.internal"}).status_code == 200


def loopback(client: TestClient) -> TestClient:
    """The client of an app that is reached at 127.0.0.1, as a real server reports it."""
    app = client.app

    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        if "server" in scope:
            scope["server"], scope["client"] = ("127.0.0.1", 7860), ("127.0.0.1", 50000)
        await app(scope, receive, send)

    return TestClient(reached, follow_redirects=False)


def test_a_name_made_to_resolve_here_reads_nothing(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()
    local = loopback(visit())
    for host in ("evil.example", "evil.example:7860", "127.0.0.1.nip.io"):
        answer = local.get("/submissions.json", headers={"host": host})
        assert answer.status_code == 421, host
        assert "SITE" in answer.text
        assert local.post("/api/submit", headers={"host": host}).status_code == 421
    for host in ("127.0.0.1:7860", "localhost:7860", "[::1]", "arena.localhost"):
        assert local.get("/submissions.json", headers={"host": host}).status_code == 200, host
    behind = loopback(visit(TRUSTED_PROXIES="127.0.0.1"))
    assert behind.get("/", headers={"host": "arena.example"}).status_code == 200


def test_only_a_trusted_proxy_says_the_host(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()
    said = {"x-forwarded-host": "arena.example, inner", "x-forwarded-proto": "https"}
    for proxies, host in (("127.0.0.0/8", "arena.example"), ("10.0.0.0/8", "web"), ("", "web")):
        client = loopback(visit(TRUSTED_PROXIES=proxies))
        assert f"<loc>https://{host}/tasks</loc>" in client.get("/sitemap.xml", headers={"host": "web", **said}).text
    settings = read_settings({"TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8"})
    peers = {"10.9.8.7": True, "::ffff:10.9.8.7": True, "fd00::1": True, "11.0.0.1": False, "testclient": False}
    assert {peer: is_trusted_proxy(peer, settings) for peer in peers} == peers


def test_answers_for_two_hosts_have_two_tags(site: TestClient) -> None:
    one, other = (site.get(BOARD, headers={"host": host}) for host in ("one.example", "other.example"))
    assert one.headers["etag"] != other.headers["etag"]
    assert "Host" in one.headers["vary"]
    tag = {"if-none-match": one.headers["etag"]}
    assert site.get(BOARD, headers={"host": "one.example", **tag}).status_code == 304
    assert site.get(BOARD, headers={"host": "other.example", **tag}).status_code == 200


@pytest.mark.parametrize(
    "environ",
    [
        {"SITE": "arena.example"}, {"SITE": "ftp://arena.example"}, {"SITE": "https://a.example/?x"},
        {"SITE": "https://u@a.example"}, {"SITE": "https://a.example/a b"}, {"SITE": "https://a.example/../b"},
        {"ROOT_PATH": "arena"}, {"ROOT_PATH": "//evil.example"}, {"ROOT_PATH": "/a", "SITE": "https://a.example/b"},
        {"TRUSTED_PROXIES": "all"}, {"TRUSTED_PROXIES": "10.0.0.1/8"},
        {"FRAME_ANCESTORS": "*"}, {"FRAME_ANCESTORS": "https://a.example; script-src *"},
    ],
)  # fmt: skip
def test_a_setting_that_names_no_address_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match=next(iter(environ))):
        read_settings(environ)


def test_a_path_that_is_a_page_is_refused() -> None:
    with pytest.raises(BadSetting, match="/board is one of its pages"):
        make_app(read_settings({"ROOT_PATH": "/board/x"}))


def test_frames_are_allowed_by_a_setting(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()

    def ancestors(**environ: str) -> str:
        policy = visit(**environ).get("/").headers["content-security-policy"]
        return policy.rpartition("frame-ancestors ")[2]

    assert ancestors() == "'self' https://huggingface.co"
    assert ancestors(FRAME_ANCESTORS="https://lab.example https://*.lab.example") == (
        "'self' https://lab.example https://*.lab.example"
    )
    assert ancestors(FRAME_ANCESTORS="none") == "'self'"


def test_a_space_knows_its_own_address(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()
    space = visit(SPACE_ID="org/arena", SPACE_HOST="org-arena.hf.space")
    assert "<loc>https://org-arena.hf.space/tasks</loc>" in space.get("/sitemap.xml").text
    assert space.get("/", headers={"host": "arena.example"}).status_code == 200  # only the Hub's proxy reaches it


@contextmanager
def proxied(app: object, root: str, *, strips: bool) -> Iterator[str]:
    """The app behind a real server that adds, or does not add, what uvicorn's root_path does."""
    config = uvicorn.Config(app, port=0, log_level="error", root_path=root if strips else "")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


ATTRIBUTES = re.compile(r'\s(?:href|src|action|formaction|hx-get|hx-post|data-plotly)="([^"]*)"')


def links(page: str) -> Sequence[str]:
    return [unescape(value) for value in ATTRIBUTES.findall(page) if not value.startswith(("#", "http", "data:"))]


@pytest.mark.parametrize("way", ["uvicorn", "setting", "stripped"])
def test_below_a_path_every_link_leads_below_it(arena: Arena, visit: Open, way: str) -> None:
    """The proxy strips the path and uvicorn is told it; or it leaves it; or it strips it and ROOT_PATH names it."""
    ulid = arena.submission_ids()[0]
    app = visit(**({} if way == "uvicorn" else {"ROOT_PATH": "/lab/arena"})).app
    with proxied(app, "/lab/arena", strips=way == "uvicorn") as base, httpx.Client(timeout=60) as client:

        def get(path: str) -> httpx.Response:
            """Ask as the proxy does for an address that a visitor's browser opens."""
            assert path.startswith("/lab/arena/") or path == "/lab/arena", path
            sent = path if way == "setting" else path.removeprefix("/lab/arena") or "/"
            return client.get(base + sent)

        todo, seen = ["/lab/arena/", f"/lab/arena/submissions/{ulid}", "/lab/arena/submit"], set()
        while todo and len(seen) < 120:
            path = todo.pop(0).partition("#")[0]
            if path in seen or ("?" in path and len(seen) > 60):
                continue
            seen.add(path)
            answer = get(path)
            assert answer.status_code in (200, 303, 307), (path, answer.status_code)
            if "location" in answer.headers:
                todo.append(answer.headers["location"])
            if "text/html" in answer.headers.get("content-type", ""):
                for link in links(answer.text):
                    assert link.startswith(("/lab/arena/", "?")), (path, link)
                    if link.startswith("/"):
                        todo.append(link)
        assert len(seen) > 50
        assert f"{base}/lab/arena/tasks" in get("/lab/arena/sitemap.xml").text
        assert f'href="{base}/lab/arena{BOARD}"' in get(f"/lab/arena{BOARD}/feed.atom").text
        assert f"{base}/lab/arena" in get("/lab/arena/docs/api").text
        assert get("/lab/arena/openapi.json").json()["servers"] == [{"url": f"{base}/lab/arena"}]


def test_below_a_path_forms_cookies_and_redirects_stay_there(arena: Arena, visit: Open) -> None:
    assert arena.read_tasks()
    site = visit(SITE="https://example.org/arena")
    answer = site.post("/arena/submit", data={**FIELDS, "action": "submit"}, files=[("files", GOOD)])
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/arena/submissions/")
    assert "path=/arena;" in answer.headers["set-cookie"].lower() + ";"
    sent = {"Accept": "application/json"}
    answer = site.post("/arena/submit", data={**FIELDS, "action": "check"}, files=[("files", GOOD)], headers=sent)
    assert answer.json()["address"] == answer.headers["location"]
    assert answer.json()["address"].startswith("/arena/checks/")
    assert site.post("/arena/submit", headers={"Origin": "https://example.org"}).status_code != 403
    assert site.post("/arena/submit", headers={"Origin": "https://evil.example"}).status_code == 403


def test_texts_that_look_like_links_stay_as_they_are() -> None:
    page = '<p>&#34; href=&#34;/x</p><a class="a" href="/b">c</a><a href="//h/x"><a href="https://h/">'
    assert add_root(page, "/r") == page.replace('href="/b"', 'href="/r/b"')
    assert add_root(page, "") == page


def test_the_address_is_decided_outside_of_all_other_middleware(visit: Open) -> None:
    assert visit().app.user_middleware[0].cls is OwnAddress
