"""The repositories of a new arena: their visibility, their READMEs, and what is done about those that are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi

from curation.arena_setup.create_arena import WrongVisibility, create_arena
from curation.arena_setup.repo_readmes import CARDS, render_readme
from curation.layout.benchmark_writer import import_flat
from submissions.arena.arena import open_arena
from submissions.errors import AccessDenied, NotFound, Unreachable
from submissions.storage.locations import open_repo
from submissions.storage.mirror import mirror_arena
from submissions.storage.repo import Change
from tests.support.command_lines import run_command
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.paths import ROOT

ARENA = "hf://arena/new"


def visibility(hub: Hub) -> dict[str, bool]:
    api = HfApi(hub.url, "hf_bot_write")
    return {name: bool(api.repo_info(f"arena/new-{name}", repo_type="dataset").private) for name in CARDS}


def test_an_empty_organisation_gets_four_repositories_of_which_one_is_public(hub: Hub) -> None:
    made = create_arena(ARENA, "cc-by-4.0")
    assert visibility(hub) == {"benchmark": True, "submissions": True, "drafts": True, "results": False}
    assert [(one.created, one.readme) for one in made] == [(True, "written")] * 4
    assert HfApi(hub.url).repo_info("arena/new-results", repo_type="dataset", token=False).private is False


def test_a_second_time_changes_nothing(hub: Hub) -> None:
    create_arena(ARENA, "cc-by-4.0")
    before = len([request for request in hub.requests if request.startswith("POST")])
    assert [(one.created, one.readme) for one in create_arena(ARENA, "cc-by-4.0")] == [(False, "same")] * 4
    assert len([request for request in hub.requests if request.startswith("POST")]) == before


def test_what_is_missing_is_made_and_another_readme_is_kept(hub: Hub) -> None:
    HfApi(hub.url, "hf_bot_write").create_repo("arena/new-drafts", repo_type="dataset", private=True)
    drafts = open_arena(ARENA).drafts
    drafts.commit([Change("README.md", b"my own")], drafts.head())
    made = {one.repository: (one.created, one.readme) for one in create_arena(ARENA, "cc-by-4.0")}
    assert made[f"{ARENA}-drafts"] == (False, "kept")
    assert made[f"{ARENA}-results"] == (True, "written")
    assert open_arena(ARENA).drafts.read("README.md") == b"my own"


@pytest.mark.parametrize("name", CARDS)
def test_the_wrong_visibility_is_told_before_anything_is_made(hub: Hub, name: str) -> None:
    private = CARDS[name].private
    HfApi(hub.url, "hf_bot_write").create_repo(f"arena/new-{name}", repo_type="dataset", private=not private)
    said = ("public", "private") if private else ("private", "public")
    with pytest.raises(WrongVisibility, match=f"arena/new-{name} is {said[0]} and must be {said[1]}"):
        create_arena(ARENA, "cc-by-4.0")
    assert len(hub.store.repos()) == 1


def test_what_init_made_can_be_worked_with(hub: Hub) -> None:
    create_arena(ARENA, "cc-by-4.0")
    arena = open_arena(ARENA)
    assert (arena.submission_ids(), arena.published_protocols(), arena.draft_protocols(), arena.read_tasks()) == (
        [],
        {},
        {},
        (),
    )
    assert hub.requests


@pytest.mark.parametrize("token", ["hf_bob", "hf_bot_read", "hf_nobody"])
def test_a_token_that_may_not_is_told_so(hub: Hub, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(AccessDenied, match="Set HF_TOKEN"):
        create_arena(ARENA, "cc-by-4.0")
    assert hub.store.repos() == []


def test_a_hub_that_is_down_is_told(hub: Hub) -> None:
    hub.faults.down = True
    with pytest.raises(Unreachable):
        create_arena(ARENA, "cc-by-4.0")


def test_a_name_that_cannot_be_one_is_told() -> None:
    with pytest.raises(NotFound, match="hf://ORG/PREFIX"):
        create_arena("hf://arena", "cc-by-4.0")


def test_a_folder_is_laid_out_too_and_takes_a_benchmark(flat: Path, tmp_path: Path) -> None:
    made = create_arena(str(tmp_path / "arena"), "cc-by-4.0")
    assert [Path(one.repository).name for one in made] == ["submissions", "drafts", "results"]
    assert all(one.created for one in made)
    assert not any(one.created for one in create_arena(str(tmp_path / "arena"), "cc-by-4.0"))
    assert import_flat(flat, tmp_path / "arena/benchmark").changed
    with pytest.raises(NotFound, match="No folder"):
        create_arena(str(tmp_path / "no" / "arena"), "cc-by-4.0")


@pytest.mark.parametrize("name", CARDS)
def test_a_readme_has_front_matter(name: str) -> None:
    _, head, text = render_readme(name, "odbl").decode().split("---\n", 2)
    front = yaml.safe_load(head)
    assert front["pretty_name"] in text
    assert "Written by" in text
    assert front.get("license") == (None if CARDS[name].private else "odbl")


def test_the_command_says_what_it_did(hub: Hub, tmp_path: Path) -> None:
    done = run_command("curation", "init", ARENA, "--license", "odbl")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{ARENA}-benchmark: created; README.md written.\n" in done.stdout
    assert b"license: odbl" in open_arena(ARENA).results.read("README.md")
    again = run_command("curation", "init", ARENA, "--json")
    assert [one["readme"] for one in json.loads(again.stdout)["repositories"]] == ["same", "same", "same", "kept"]
    assert "which must be new or empty" in run_command("curation", "init", tmp_path / "arena").stdout
    refused = run_command("curation", "init", ARENA, HF_ENDPOINT=hub.url, HF_TOKEN="hf_bob")
    assert refused.returncode == 2
    assert "hf_bob" not in refused.stderr


def test_a_benchmark_that_was_sent_up_is_verified_there(hub: Hub, tmp_path: Path) -> None:
    import_flat(ROOT / "demo" / "benchmark", tmp_path / "arena" / "benchmark")
    create_arena(ARENA, "cc-by-4.0")
    mirror_arena(str(tmp_path / "arena"), ARENA, only=("benchmark",))
    done = run_command("curation", "verify", f"{ARENA}-benchmark")
    assert (done.returncode, done.stdout) == (0, f"Benchmark {ARENA}-benchmark is valid.\n"), done.stderr
    repo = open_repo(f"{ARENA}-benchmark")
    repo.commit([Change("sources.json", b"{}")], repo.head())
    done = run_command("curation", "verify", f"{ARENA}-benchmark")
    assert done.returncode == 1
    assert "The file was changed after the import." in done.stdout + done.stderr
    assert hub.requests
