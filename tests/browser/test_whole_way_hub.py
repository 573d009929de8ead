"""The whole way over a Hub: from `init` to `load_dataset`, with the real clients, forms and commands.

Only the Hub itself, training and generation are stood in for. Run it with `-s` to see the transcript.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import huggingface_hub.constants
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from curation.arena_setup.repo_readmes import CARDS
from evaluator.notifications.notifier import BoardWebhook, notifying_arena
from evaluator.publishing.arena_session import ArenaSession, open_session
from evaluator.publishing.lease import PATH as LEASE
from evaluator.service.coordinator import Coordinator
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchors import measure_anchors
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from leaderboard.app import make_app
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena, open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.storage.codec import to_jsonl
from submissions.storage.commit_rate import CommitRateLimit
from tests.support.browser.audit import violations
from tests.support.evaluation_factories import make_protocol
from tests.support.factories import UNLIKE, make_benchmark, make_reference, make_rows, make_task, write_delivery
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub.users import ALICE
from tests.support.live_server import free_port, running
from tests.support.paths import ROOT
from tests.support.webhook_receiver import Receiver, receiving

pytestmark = pytest.mark.slow
ARENA = "hf://arena/whole"
TASKS = [make_task("count"), make_task("left-out")]
PROTOCOL = make_protocol()
RIVALS = ("Finder", "Seeker")
"""Who came before, by the command line, and with half of what is asked for."""
BUDGET = 60
"""Commits an hour that the Hub takes of each repository: as many as ours allow themselves."""
ATOM = "{http://www.w3.org/2005/Atom}"


def ran(*arguments: object, **environment: str) -> str:
    """What a command of ours prints."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Evaluator:
    """A coordinator whose time is the Hub's, and who knows every answer once a model is trained."""

    hub: Hub
    work: Path
    arena: Arena
    """As `notifying` hands it out."""
    golden: dict[tuple[int, ...], str] = field(default_factory=dict)
    asked: Callable[[], None] = lambda: None
    """Called before each exam of a model."""
    said: list[str] = field(default_factory=list)
    desks: list[ArenaSession] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.generator, self._exams = NullGenerator(self.says), -1
        self.bench = null_context(self.work, PROTOCOL, NullTrainer(), self.generator)
        for task in TASKS:
            for row in make_reference(task.id).test[1:]:
                self.golden[tuple(self.bench.template.build_prompt(row.input))] = row.output

    def says(self, model: Path, prompt: Sequence[int]) -> str:
        if self._exams != (now := len(self.generator.models)):
            self._exams = now
            self.asked()
        return self.golden.get(tuple(prompt), "") if model.name == "model" else ""

    def measure(self) -> None:
        measure_anchors(open_benchmark(f"{ARENA}-benchmark"), self.bench, TASKS)

    def run(self) -> None:
        source = open_benchmark(f"{ARENA}-benchmark")
        Coordinator(
            open_session=self._desk,
            open_worker=lambda held: SubmissionRunner(
                held, source, ContextPool.from_context(self.bench), self.work / "results"
            ),
            clock=self.hub.clock,
            wait=self.hub.clock.forward,
            say=self.said.append,
            every=60.0,
        ).run(forever=False)

    def _desk(self) -> ArenaSession:
        gap = timedelta(minutes=1)
        self.desks.append(open_session(self.arena, "evaluator", "nonce", gap=gap, clock=self.hub.clock))
        return self.desks[-1]

    def minute(self) -> None:
        """Let a minute go by, after which what is known may be written."""
        self.hub.clock.forward(60)
        self.desks[-1].heartbeat()


@dataclass
class Space:
    """The web app, and what it knows of the Hub."""

    address: str
    reader: SnapshotReader


@pytest.fixture
def benchmark(hub: Hub, tmp_path: Path) -> None:
    """An empty organisation gets an arena with a benchmark, by the commands of docs/organiser-hub.md."""
    hub.faults.quota = BUDGET
    told(ran("-m", "curation", "init", ARENA))
    make_benchmark(tmp_path / "arena" / "benchmark", TASKS, train=32, test=8, more_train=UNLIKE)
    told(ran("-m", "submissions", "mirror", tmp_path / "arena", ARENA, "--only", "benchmark"))


@pytest.fixture
def space(benchmark: None, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:  # noqa: ARG001
    environ = {"SPACE_ID": "arena/board", "OAUTH_CLIENT_ID": "arena", "OAUTH_CLIENT_SECRET": "secret"}
    environ |= {"OAUTH_SCOPES": "openid profile", "OPENID_PROVIDER_URL": hub.url}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
        if hasattr(huggingface_hub.constants, name):
            monkeypatch.setattr(huggingface_hub.constants, name, value)
    environ |= {"ARENA": ARENA, "HOST": "127.0.0.1", "PORT": str(free_port()), "SPOOL": str(tmp_path / "spool")}
    settings = read_settings({**environ, "ARENA_PROTOCOL": PROTOCOL.name})
    app = make_app(settings, CommitRateLimit(clock=hub.clock, sleep=hub.clock.forward))
    with running(app, settings) as address:
        yield Space(address, app.state.site.reader)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@contextmanager
def evaluating(hub: Hub, space: Space, receiver: Receiver, folder: Path) -> Iterator[Evaluator]:
    pace = CommitRateLimit(clock=hub.clock, sleep=hub.clock.forward)
    with notifying_arena(open_arena(ARENA, pace), [BoardWebhook(receiver.url)], "s3cret", space.address) as arena:
        yield Evaluator(hub, folder, arena)


def told(line: str) -> None:
    """A line of the transcript."""
    print(line.rstrip(), flush=True)


def sign_in(page: Page, name: str) -> None:
    page.goto("/submit")
    page.locator(".who").get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/submit")


def upload(page: Page, file: Path) -> str:
    """Submit a zip by the form, private; its id."""
    page.set_input_files("#files", file)
    page.fill("#system", "Counter")
    page.select_option("#system_type", "synthesis")
    page.fill("#team", "Wonderland")
    page.fill("#submitter", "Alice")
    page.get_by_label("Keep it private until I publish it").check()
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submissions/*")
    return page.url.rpartition("/")[2]


def zipped(folder: Path) -> Path:
    file = folder / "mine.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for task in TASKS:
            archive.writestr(f"mine/{task.id}.jsonl", to_jsonl(make_rows(task.id, 32, start=200)))
    return file


def standing(page: Page, space: Space, ulid: str) -> str:
    """What the page of a submission says of where it stands, once the web app has looked."""
    space.reader.refresh()
    page.goto(f"/submissions/{ulid}")
    return " ".join(page.locator("#live div[aria-live]").inner_text().split())


def preview(page: Page, ulid: str) -> str:
    """The heading of what a submission's owner sees before its result."""
    page.goto(f"/submissions/{ulid}")
    said = page.locator("#actions section.preview h2").inner_text()
    assert violations(page) == []
    return said


def board(page: Page) -> dict[str, tuple[float, float, float]]:
    """The overall figure and its interval by system, from the board's CSV."""
    table = pd.read_csv(io.BytesIO(page.request.get("/board/dataset_research.csv").body()))
    entries = table[table["system"] != "Best trivial baseline"]
    return {row["system"]: (row["overall"], row["overall_low"], row["overall_high"]) for _, row in entries.iterrows()}


def loaded() -> dict[str, tuple[float, float, float]]:
    """The same as anybody reads it by the data set's name, signed out."""
    code = """
import json, datasets
rows = datasets.load_dataset("arena/whole-results", "dataset_research", split="totals").to_list()
ranked = [row for row in rows if (row["method"], row["subset"], row["group"]) == ("fine_tune", "full", "overall")]
print(json.dumps({row["system"]: (row["gain"], row["gain_low"], row["gain_high"]) for row in ranked}))
"""
    found = json.loads(ran("-c", code, HF_TOKEN="").splitlines()[-1])
    return {system: (gain, low, high) for system, (gain, low, high) in found.items()}


def feed(page: Page, path: str) -> list[str]:
    """The titles of an Atom feed, newest first."""
    root = ElementTree.fromstring(page.request.get(f"{path}/feed.atom").text())  # our own
    return [entry.findtext(f"{ATOM}title") or "" for entry in root.findall(f"{ATOM}entry")]


def heard(receiver: Receiver, ulid: str) -> list[str]:
    """What the organiser's webhook was told of a submission."""
    bodies = [json.loads(body) for _, body in receiver.came]
    return [body["event"] for body in bodies if body["submission"] == ulid]


def commits(hub: Hub) -> dict[str, int]:
    return {name: len(hub.store.commits(f"datasets/arena/whole-{name}")) for name in CARDS}


def all_tell_of_it(hub: Hub, space: Space, receiver: Receiver, stranger: Page, ulid: str) -> None:
    """Page, board, data set, feeds and webhook agree on what was published, within the Hub's budget."""
    told(f"a stranger sees: {standing(stranger, space, ulid)}")
    expect(stranger.locator(".standing .state")).to_have_text("published")

    stranger.goto("/board/dataset_research")
    expect(stranger.get_by_role("link", name="Counter", exact=True)).to_be_visible()
    shown, read = board(stranger), loaded()
    told(f"the board's CSV: {shown}")
    told(f"load_dataset:    {read}")
    assert {system: pytest.approx(figures, abs=1e-6) for system, figures in read.items()} == shown
    assert set(shown) == {"Counter", *RIVALS}
    assert shown["Counter"][0] > shown["Finder"][0] == shown["Seeker"][0] > 0

    told(f"the board's feed: {(of_board := feed(stranger, '/board/dataset_research'))}")
    told(f"its own feed: {(of_submission := feed(stranger, f'/submissions/{ulid}'))}")
    told(f"the webhook heard: {(events := heard(receiver, ulid))}")
    assert of_board == ["Counter by Wonderland", "Seeker by Others", "Finder by Others"]
    assert (of_submission[0], of_submission[-1]) == ("published", "received")
    assert events == ["evaluating", "preview", "evaluated", "published"]
    told(f"commits: {(made := commits(hub))}")
    assert max(made.values()) < BUDGET
    assert LEASE not in open_arena(ARENA).results.list(), "the lease was given back"


def test_from_an_empty_organisation_to_load_dataset(
    hub: Hub, space: Space, receiver: Receiver, browser: Browser, tmp_path: Path
) -> None:
    page, stranger = (browser.new_context(base_url=space.address).new_page() for _ in range(2))
    with evaluating(hub, space, receiver, tmp_path / "work") as evaluator:
        evaluator.measure()
        evaluator.run()
        told(f"anchors measured; tasks published: {[task.id for task in open_arena(ARENA).read_tasks()]}")
        space.reader.refresh()

        for number, name in enumerate(RIVALS):
            rows = make_rows("count", 32, start=300 + 100 * number)
            whose = ["--system", name, "--system-type", "search", "--team", "Others"]
            told(
                ran(
                    "-m",
                    "submissions",
                    "submit",
                    write_delivery(tmp_path / name, {"count": rows}),
                    "--arena",
                    ARENA,
                    *whose,
                )
            )
        sign_in(page, "Alice Liddell")
        expect(page.locator(".who a")).to_have_text("alice")
        ulid = upload(page, zipped(tmp_path))
        seen = [standing(page, space, ulid)]
        told(f"alice uploaded {ulid}: {seen[0]}")
        assert open_arena(ARENA).read_submission(ulid).owner == f"hf:{ALICE.sub}"

        def look() -> None:
            evaluator.minute()
            if (said := standing(stranger, space, ulid)) not in seen:
                seen.append(said)
                told(f"a stranger sees: {said}")
                if "fine tune" in said:
                    told(f"alice sees: {preview(page, ulid)}")

        evaluator.asked = look
        evaluator.run()
        evaluator.asked = lambda: None
        for line in evaluator.said:
            told(f"evaluator: {line}")
        assert seen[0].startswith("received"), seen
        assert any("position 2 of 2 in the queue" in said for said in seen), seen
        assert any("fine tune: 1 of 2 tasks" in said for said in seen), seen

        assert page.locator("section.preview").count() == 1, "its owner saw it by the last look"
        assert stranger.locator("section.preview").count() == 0

        told(f"alice sees: {standing(page, space, ulid)}; drafts: {open_arena(ARENA).draft_protocols()}")
        assert set(board(stranger)) == set(RIVALS)
        refused = stranger.goto(f"/submissions/{ulid}/held")
        assert refused is not None
        assert refused.status == 403
        page.get_by_role("link", name="See your result").click()
        expect(page.get_by_role("heading", name="Result under demo@1")).to_be_visible()
        expect(page.locator("main")).to_contain_text("Only you can see this result")
        page.goto(f"/submissions/{ulid}")
        page.get_by_role("button", name="Publish the result").click()
        told(f"alice: {page.locator('.asked').inner_text()}")
        evaluator.run()
    all_tell_of_it(hub, space, receiver, stranger, ulid)
