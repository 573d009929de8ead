"""Signing in and submitting in a real browser, with the loopback Hub as provider and as store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from huggingface_hub import HfApi
from playwright.sync_api import Browser, Page, expect

from submissions.arena.arena import Arena, open_arena
from submissions.storage.repo import Change
from tests.support.arena_fixture import fill
from tests.support.browser.audit import overflow, violations
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub.users import ALICE
from tests.support.live_server import served

pytestmark = pytest.mark.slow
ARENA = "hf://arena/space"


@pytest.fixture
def arena(hub: Hub, tmp_path: Path) -> Arena:
    """The public part of the filled arena, on the Hub."""
    there, here = open_arena(ARENA), fill(tmp_path / "arena")
    for name in ("submissions", "results", "drafts"):
        HfApi(hub.url, "hf_bot_write").create_repo(f"arena/space-{name}", repo_type="dataset", private=True)
    there.results.commit([Change("tasks.jsonl", here.results.read("tasks.jsonl"))], there.results.head())
    return there


@pytest.fixture
def space(arena: Arena, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert arena.read_tasks()
    environ = {"SPACE_ID": "arena/board", "OAUTH_CLIENT_ID": "arena", "OAUTH_CLIENT_SECRET": "secret"}
    environ |= {"OAUTH_SCOPES": "openid profile", "OPENID_PROVIDER_URL": hub.url}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
        if hasattr(huggingface_hub.constants, name):
            monkeypatch.setattr(huggingface_hub.constants, name, value)
    with served(Path(ARENA), **environ, HOST="127.0.0.1", SPOOL=str(tmp_path / "spool"), ARENA=ARENA) as base:
        yield base


@pytest.fixture
def page(space: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=space)
    yield context.new_page()
    context.close()


def good(folder: Path) -> Path:
    file = folder / "mc-en-science.jsonl"
    file.write_text("".join(json.dumps({"input": f"q {n}", "output": f"a {n}"}) + "\n" for n in range(12)))
    return file


def test_sign_in_submit_wait_and_sign_out(page: Page, arena: Arena, tmp_path: Path) -> None:
    page.goto("/submit")
    where = page.locator(".who").bounding_box()
    expect(page.get_by_role("button", name="Submit")).to_have_count(0)
    page.locator(".who").get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name="Alice Liddell").click()
    page.wait_for_url("**/submit")
    expect(page.locator(".who a")).to_have_text("alice")
    assert page.locator(".who").bounding_box() == where
    for system in ("First", "Second"):
        page.goto("/submit")
        page.set_input_files("#files", good(tmp_path))
        page.fill("#system", system)
        page.fill("#team", "Browsers")
        page.fill("#submitter", "Alice")
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url("**/submissions/*" if system == "First" else "**/received/*")
        expect(page.get_by_role("heading", level=1)).to_have_text(system)
    expect(page.locator(".notice[role=status]")).to_contain_text("Received, waiting to be stored")
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == 0
        assert violations(page) == []
    (ulid,) = arena.submission_ids()
    assert arena.read_submission(ulid).owner == f"hf:{ALICE.sub}"
    page.goto("/account")
    page.get_by_role("link", name="Sign out").click()
    expect(page.locator(".who a")).to_have_text("Sign in")


def test_without_javascript_the_account_has_a_page(space: str, browser: Browser) -> None:
    context = browser.new_context(base_url=space, java_script_enabled=False)
    page = context.new_page()
    page.goto("/tasks")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Sign in with Hugging Face").click()
    page.get_by_role("link", name="Bob").click()
    page.wait_for_url("**/account")
    expect(page.locator("main")).to_contain_text("You are signed in as bob")
    context.close()
