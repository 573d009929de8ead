"""Folders inside a wheel's packages: `docs/` in leaderboard, `prompts/` in evaluator."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def find_shipped_folder(package: str, name: str) -> Path:
    """Return the folder `_<name>` inside an installed package, or `<name>` beside it in a checkout.

    One line of `force-include` in pyproject.toml puts each of them into the wheel.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No package {package!r}.", name=package)
    home = Path(spec.origin).parent
    installed = home / f"_{name}"
    return installed if installed.is_dir() else home.parent / name
