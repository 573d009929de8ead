"""A profile: how the work runs on a machine. It must not change a score."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from evaluator.protocol import _file
from submissions.models import Record

PROFILES = Path(__file__).with_name("profiles")


class Profile(Record):
    """One kind of machine, in one file under `profiles/`."""

    name: str
    device: Literal["cpu", "cuda"]
    ranks: int
    """Processes of one training."""
    micro_batch: int
    """Rows in one forward pass of one rank; the rest of a step is accumulated."""
    threads: int
    """OpenMP threads of each process."""
    devices: int = Field(default=1, ge=1)
    """Accelerators that are held; 1 for a machine without any."""
    hour_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """US dollars for one device for one hour; the profile's file says whose price that is. None names no price."""
    kv_cache_gib: int
    """Memory for the engine's key-value cache."""
    start_seconds: float
    """How long a child may take to be ready. The first training compiles an extension."""
    silent_seconds: float
    """How long a working child may be silent before it counts as hung."""


def load_profile(name: str) -> Profile:
    """The profile. Raises NotFound with the names that exist."""
    return Profile.model_validate(tomllib.loads(_file(PROFILES, name, "profile").read_text()))
