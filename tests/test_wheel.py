"""The wheel of a clean clone in empty environments: alone it checks a submission, with `[web]` it serves every page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.routing import Match

from leaderboard.pages import ROUTES
from leaderboard.web.auth.visitor import COOKIE
from tests.support.arena_fixture import fill
from tests.support.browser.routes import KEY, OWNER
from tests.support.isolation import USER_ENVIRONMENT
from tests.support.live_server import free_port
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
PYTHONS = ("python3.11", "python3.12", "python3.13")
NOT_LINKED = {
    "/board/{track}/{section:plain}": "leads to the section on the board's page, which links its downloads alone",
    "/insights/{name:plain}": "likewise",
    "/account": "where one signs in",
    "/account/who": "asked by the script, where one signs in",
    "/checks/{key}": "of a check that this test does not start",
    "/checks/{key}/{name}": "likewise",
    "/received/{ulid}": "of what waits for the Hub",
    "/mcp": "an end point for agents",
    "/submissions/{ulid}/held/costs": "of a held result with costs, which this arena does not have",
    "/submissions/{ulid}/held/costs-by-task": "likewise",
    "/submissions/{ulid}/held/metadata": "of a held result with a judge's scores, likewise",
    "/submissions/{ulid}/why": "of a published result, for its owner, who has none in this arena",
}
MOST_VISITS = 12
"""Of one route: its page and its twins as data."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "arena"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", "."]
    run_quietly(command, clone)
    (built,) = (clone / "dist").glob("*.whl")
    return built


def run_quietly(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=USER_ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def make_environment(python: str, folder: Path, requirement: str) -> Path:
    """A new environment with the wheel and what pip installs with it, and nothing else; the folder of its scripts."""
    run_quietly([python, "-m", "venv", str(folder)], folder.parent)
    listed = subprocess.run([folder / "bin/pip", "freeze", "--all"], capture_output=True, text=True, check=True).stdout
    assert {line.partition("==")[0] for line in listed.splitlines()} <= {"pip", "setuptools"}
    run_quietly([str(folder / "bin/pip"), "install", "--quiet", "--no-compile", requirement], folder.parent)
    return folder / "bin"


def clean_environ(folder: Path) -> dict[str, str]:
    """Nothing of this checkout, nor of the user."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "GRADIO_ANALYTICS_ENABLED": "False"}


def find_python(name: str) -> str:
    """An interpreter of this version, or a skip that names it. A pyenv shim that leads nowhere is none."""
    python = sys.executable if name == f"python3.{sys.version_info.minor}" else shutil.which(name)
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"{name} is not on this machine")
    return python


@pytest.mark.parametrize("name", [PYTHONS[0], *(pytest.param(name, marks=pytest.mark.full) for name in PYTHONS[1:])])
def test_the_wheel_alone_checks_a_submission(name: str, clone: Path, wheel: Path, tmp_path: Path) -> None:
    scripts = make_environment(find_python(name), tmp_path / "environment", str(wheel))
    benchmark = tmp_path / "benchmark"
    run_quietly([str(scripts / "arena-curate"), "import-flat", "demo/benchmark", str(benchmark)], clone)
    good = clone / "demo" / "submissions" / "good"
    bad = tmp_path / "bad"
    shutil.copytree(good, bad)
    next(bad.glob("*.jsonl")).write_text('{"input": "a question without its answer"}\n')
    for folder, code, verdict in ((good, 0, "Accepted."), (bad, 1, "Refused: ")):
        command = [scripts / "arena", "check", folder, "--benchmark", benchmark]
        env = clean_environ(tmp_path)
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert verdict in done.stdout
    for script, extra in (("arena-web", "[web]"), ("arena-evaluate", "[evaluator-gpu]"), ("arena-curate", "")):
        command = [scripts / script, *(["--help"] if script != "arena-web" else [])]
        env = clean_environ(tmp_path)
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (not extra) or script == "arena-evaluate"
        assert "Traceback" not in done.stderr
        assert extra in done.stderr or done.returncode == 0


@contextmanager
def serving(scripts: Path, arena: Path, folder: Path) -> Iterator[str]:
    """`arena-web` on the arena, as a user of the wheel starts it."""
    port = free_port()
    env = clean_environ(folder) | {"ARENA": str(arena), "PORT": str(port)}
    with subprocess.Popen([scripts / "arena-web"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as app:
        try:
            assert app.stdout
            assert str(port) in app.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()


def find_route(path: str) -> str:
    """The route that answers a path."""
    scope = {"type": "http", "method": "GET", "path": path}
    return next((route.path for route in ROUTES if route.matches(scope)[0] is Match.FULL), "")


def fetch(address: str) -> bytes:
    """An answer to the owner of a submission."""
    request = urllib.request.Request(address, headers={"Cookie": f"{COOKIE}={KEY}"})
    try:
        with urllib.request.urlopen(request) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{address}: {error.code} {error.read()[:500]!r}") from None


def find_links(body: bytes) -> list[str]:
    """The addresses that a page names; none in what is no page."""
    if not body.lstrip().startswith((b"<!doctype", b"<!DOCTYPE")):
        return []
    found = re.findall(r'(?:href|src|hx-get)="([^"#]+)|property="og:image" content="([^"]+)', body.decode())
    return [(link or picture).replace("&amp;", "&") for link, picture in found]


def find_unlinked(base: str) -> list[str]:
    """Pages reached by a form, a filter or a script: a comparison, a held result, a submission's live status."""
    slugs = re.findall(r'name="system" value="([^"]+)"', fetch(f"{base}/compare").decode())
    listed = find_links(fetch(f"{base}/submissions?state=evaluated"))
    held = next(f"{link}/held" for link in listed if re.fullmatch(r"/submissions/[^/?.]+", link))
    return [f"/compare?system={slugs[0]}&system={slugs[1]}", held, held.replace("/held", "/live")]


def find_fixed() -> set[str]:
    """The addresses that have no parameter."""
    return {path for path in find_readable() - NOT_LINKED.keys() if "{" not in path}


def visit_site(base: str) -> Counter[str]:
    """Follow every link as the owner of a submission, a few times for each route; answers counted by route."""
    visited: Counter[str] = Counter()
    waiting = deque([*sorted(find_fixed()), *find_unlinked(base)])
    seen = set(waiting)
    while waiting:
        path = waiting.popleft()
        route = find_route(urlsplit(path).path)
        if not route or visited[route] >= MOST_VISITS:
            continue
        body = fetch(base + path)
        assert body, path
        visited[route] += 1
        for link in find_links(body):
            target = urlsplit(urljoin(base + path, link))
            address = target.path + (f"?{target.query}" if target.query else "")
            if base.endswith(target.netloc) and address not in seen:
                seen.add(address)
                waiting.append(address)
    return visited


def find_readable() -> set[str]:
    """Every route that answers GET, but for those before which another one answers."""
    found = set()
    for route in ROUTES:
        plain = route.path.removesuffix("{ending:ending}")
        if "GET" in (route.methods or ()) and find_route(re.sub(r"{(\w+)(:\w+)?}", r"\1", plain)) == route.path:
            found.add(plain)
    return found


@pytest.mark.full
def test_the_wheel_with_web_serves_every_page(wheel: Path, tmp_path: Path) -> None:
    scripts = make_environment(sys.executable, tmp_path / "environment", f"{wheel}[web]")
    fill(tmp_path / "arena", OWNER)
    with serving(scripts, tmp_path / "arena", tmp_path) as base:
        visited = visit_site(base)
    seen = {path.removesuffix("{ending:ending}") for path in visited}
    assert find_readable() - seen - NOT_LINKED.keys() == set()
