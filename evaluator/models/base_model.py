"""Base model files: a tiny model made on the spot, or one commit of a repository on the Hub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from evaluator.config.protocol import ModelProtocol
from evaluator.models.families import TINY_FAMILIES, read_family
from evaluator.runtime.child_environment import filter_environment
from evaluator.runtime.work_dir_lock import blocking_lock
from submissions.errors import EvaluatorError
from submissions.storage.atomic import atomic_write

TINY = "tiny-llama@1"
"""Base model of demo@1, which is built locally."""
PINNED_COMMITS: Mapping[str, str] = {"meta-llama/Llama-3.1-8B": "d04e592bb4f6aa9cfee91e2e20afa771667e1d4b"}
"""Commit of each base model that our protocols name; beside the protocols, so that their hashes stay."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILES = ["*.json", "*.safetensors", "tokenizer*"]


def split_model_id(model: str) -> tuple[str, str | None]:
    """Split `owner/name@commit` into repository and commit; without one, the pinned commit or None.

    Raises EvaluatorError for a branch or tag, whose files may change.
    """
    repo, at, commit = model.partition("@")
    if at and not _COMMIT.fullmatch(commit):
        raise EvaluatorError(
            f"The base model {model[:120]!r} names no commit.", "Write owner/name@ and the 40 digits of a commit."
        )
    return repo, commit or PINNED_COMMITS.get(repo)


def prepare_base_model(protocol: ModelProtocol, folder: Path) -> Path:
    """Provide the base model's files: built locally for a tiny model, else one commit from the Hub or its cache.

    A model without a commit is resolved once; `folder` records the commit for later runs. What is downloaded whole is
    used without asking the Hub again, so that workers need no token. Raises EvaluatorError for a model of no known
    family, before its weights are downloaded.
    """
    name = protocol.base_model.id
    if name in TINY_FAMILIES:
        return _prepare_tiny_model(name, folder / name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repo, commit = split_model_id(name)
    commit = commit or _resolve_commit(repo, folder)
    whole = folder / f"{repo.replace('/', '--')}@{commit}.whole"
    get = partial(
        snapshot_download, repo, revision=commit, allow_patterns=_FILES, endpoint=os.environ.get("HF_ENDPOINT")
    )
    if whole.exists():
        try:
            return Path(get(local_files_only=True))
        except LocalEntryNotFoundError:
            whole.unlink(missing_ok=True)  # the cache was removed
    read_family(Path(get(allow_patterns=["config.json"])))
    found = Path(get())
    atomic_write(whole, b"")
    return found


def _resolve_commit(repo: str, folder: Path) -> str:
    """Return the recorded commit of a repository; at first that of its main branch now."""
    from huggingface_hub import HfApi

    record = folder / f"{repo.replace('/', '--')}.commit"
    with blocking_lock(record.with_suffix(".lock")):  # shares on several nodes start at the same time
        if not record.exists():
            found = HfApi(os.environ.get("HF_ENDPOINT")).model_info(repo).sha or ""
            atomic_write(record, f"{found}\n".encode())
    return record.read_text().strip()


def _prepare_tiny_model(name: str, folder: Path) -> Path:
    if not folder.is_dir():
        with blocking_lock(folder.with_name(f"{folder.name}.lock")):  # shares on several nodes start at the same time
            if not folder.is_dir():
                _build_in_child(name, folder)
    return folder


def _build_in_child(name: str, folder: Path) -> None:
    """Build a tiny model in a separate process, so that this one never loads torch."""
    command = [sys.executable, "-m", "evaluator.models.families", name, str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False, env=filter_environment(os.environ))
    if made.returncode:
        raise EvaluatorError(
            "The tiny base model could not be built.", f"Its folder is {folder}:\n{made.stderr[-2000:]}"
        )
