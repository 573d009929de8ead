"""A profile: how the work runs on a machine. It must not change a score."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from evaluator.config.protocol import config_file
from submissions.records.base import Record
from submissions.records.machine_speed import Machine, Speed

PROFILES = Path(__file__).with_name("profiles")


class Profile(Record):
    """One kind of station, in one file under `profiles/`: the devices of one training, and their engines."""

    name: str
    device: Literal["cpu", "cuda"]
    devices: int = Field(default=1, ge=1)
    """Accelerators of a station; 1 for a machine without any."""
    ranks: int = Field(ge=1)
    """Processes of one training."""
    engines: int = Field(default=1, ge=1)
    """vLLM engines of a station, each on one device."""
    zero_stage: Literal[1, 2, 3] = 3
    """How much DeepSpeed shares out: 1 the optimizer, 2 gradients too, 3 weights too. The same arithmetic."""
    micro_tokens: int = Field(ge=1)
    """Most tokens of one forward pass of one rank; a longer row goes alone."""
    attention: Literal["rows", "varlen"]
    """`rows` runs anywhere, `varlen` is PyTorch's variable-length flash attention on NVIDIA GPUs."""
    gradient_checkpointing: bool = False
    """Compute activations again instead of keeping them."""
    loss_chunk: int | None = Field(default=None, ge=1)
    """Target positions whose logits exist at once; None computes all of a forward pass together."""
    together: bool = False
    """Whether a training and the engines fit on the devices at once; else they take turns and the others rest."""
    batch_invariant: bool = False
    """vLLM's kernels whose results do not depend on what else is in a batch."""
    engine_memory: float = Field(default=0.9, gt=0, le=1)
    """Share of a device's memory that an engine may take; of no meaning on a CPU."""
    swap: Literal["in_place", "fresh"] = "in_place"
    """How engines come to another model's weights: they read them while they run, or new processes start with them.
    Engines that find at their boot that they cannot do the first do the second without being told."""
    kv_cache_gib: int = Field(default=1, ge=1)
    """Memory for the key-value cache of an engine on a CPU; of no meaning on a GPU."""
    models: str | None = None
    """Folder for trained models until they are examined, on a RAM disk; None keeps them in the work folder."""
    cpus: int = Field(ge=1)
    """Cores of a station."""
    threads: int = Field(ge=1)
    """OpenMP threads of each process."""
    tries: int = Field(default=2, ge=1)
    """How often a unit of work is tried before its evaluation fails."""
    start_seconds: float = Field(gt=0)
    """How long a child may take to be ready. The first training compiles an extension."""
    silent_seconds: float = Field(gt=0)
    """How long a working child may be silent before it counts as hung."""
    hour_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """US dollars for one device for one hour; the profile's file says whose price that is. None names no price."""
    device_gib: float | None = Field(default=None, gt=0)
    """Memory of one device, as PyTorch sees it; None where it is the host's."""
    host_gib: int | None = Field(default=None, ge=1)
    """Memory of the host, RAM disk included; None where nobody reckons with it."""
    speed: Speed

    @property
    def machine(self) -> Machine:
        """What a plan needs to know, and may be published."""
        return Machine(profile=self.name, devices=self.devices, hour_price=self.hour_price, speed=self.speed)


def load_profile(name: str) -> Profile:
    """The profile. Raises NotFound with the names that exist."""
    return Profile.model_validate(tomllib.loads(config_file(PROFILES, name, "profile").read_text()))
