"""Repositories on a loopback Hub."""

from __future__ import annotations

from huggingface_hub import HfApi

from submissions.storage.repo import Change, Repo
from tests.support.hub.server import Hub


def new_repo(hub: Hub, name: str = "test-results") -> str:
    """An empty private repository on a Hub; its id."""
    api = HfApi(hub.url, "hf_bot_write")
    return api.create_repo(f"arena/{name}", repo_type="dataset", private=True).repo_id


def put(repo: Repo, **files: str) -> str:
    return repo.commit([Change(path, text.encode()) for path, text in files.items()], repo.head())
