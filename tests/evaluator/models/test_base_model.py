"""Base models of the Hub: one commit, downloaded once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from evaluator.config.protocol import PROTOCOLS
from evaluator.models.base_model import PINNED_COMMITS, TINY, prepare_base_model, split_model_id
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol
from submissions.errors import EvaluatorError
from tests.support.evaluation_factories import make_protocol
from tests.support.hub.server import Hub

REPO = "arena-bot/llama"


def config(version: str, model_type: str = "llama") -> str:
    """A config.json of this version."""
    return json.dumps({"model_type": model_type, "version": version})


def commit(hub: Hub, version: str, model_type: str = "llama") -> str:
    """The commit of a new version of a model."""
    text = config(version, model_type)
    api = HfApi(hub.url, "hf_bot_write")
    api.create_repo(REPO, exist_ok=True, private=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json", "README.md"):
        made = api.upload_file(path_or_fileobj=text.encode(), path_in_repo=name, repo_id=REPO)
    return str(made.oid)


def protocol(model: str = REPO) -> AnchoredProtocol:
    return make_protocol(base_model={"id": model})


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_every_model_of_a_protocol_is_pinned() -> None:
    models = {load_protocol(file.stem).base_model.id for file in PROTOCOLS.glob("*.toml")} - {TINY}
    assert models
    for model in models:
        assert split_model_id(model) == (model, PINNED_COMMITS[model])


@pytest.mark.parametrize("model", ["a/b@main", "a/b@v1.0", "a/b@" + "0" * 39, "a/b@"])
def test_a_branch_is_no_commit(model: str) -> None:
    with pytest.raises(EvaluatorError, match="names no commit"):
        split_model_id(model)


@pytest.mark.integration
def test_a_model_without_a_commit_is_resolved_once(hub: Hub, tmp_path: Path) -> None:
    first = commit(hub, "first")
    found = prepare_base_model(protocol(), tmp_path)
    assert content(found) == dict.fromkeys(("config.json", "model.safetensors", "tokenizer.json"), config("first"))
    assert (tmp_path / "arena-bot--llama.commit").read_text() == f"{first}\n"
    commit(hub, "second")
    assert prepare_base_model(protocol(), tmp_path) == found
    assert content(prepare_base_model(protocol(), tmp_path / "other"))["config.json"] == config("second")


@pytest.mark.integration
def test_a_named_commit_is_taken_whatever_came_after(hub: Hub, tmp_path: Path) -> None:
    first = commit(hub, "first")
    commit(hub, "second")
    assert content(prepare_base_model(protocol(f"{REPO}@{first}"), tmp_path))["config.json"] == config("first")


@pytest.mark.integration
def test_a_model_of_an_unknown_family_is_refused_before_its_weights_are_downloaded(hub: Hub, tmp_path: Path) -> None:
    commit(hub, "first", "gpt2")
    with pytest.raises(EvaluatorError, match=r"of type 'gpt2', which the evaluator does not know\. There are: llama"):
        prepare_base_model(protocol(), tmp_path)
    assert not list(tmp_path.glob("*.whole"))
    cached = {file.name for file in (tmp_path / "hf-home" / "HF_HUB_CACHE").glob("*/snapshots/*/*")}
    assert "config.json" in cached
    assert "model.safetensors" not in cached


@pytest.mark.integration
def test_a_worker_without_a_token_takes_what_is_there(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(hub, "first")
    found = prepare_base_model(protocol(), tmp_path)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert prepare_base_model(protocol(), tmp_path) == found
