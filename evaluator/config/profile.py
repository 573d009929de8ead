"""Profile: how work runs on a machine. It must not change a score."""

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
    """One kind of worker, in one file under `profiles/`: devices of one training, and its engines."""

    name: str
    device: Literal["cpu", "cuda"]
    devices: int = Field(default=1, ge=1)
    """Accelerators of a worker; 1 for a machine without any."""
    ranks: int = Field(ge=1)
    """Processes of one training."""
    engines: int = Field(default=1, ge=1)
    """vLLM engines of a worker, each on one device."""
    zero_stage: Literal[1, 2, 3] = 3
    """DeepSpeed ZeRO stage: 1 partitions the optimizer, 2 also gradients, 3 also weights.

    The arithmetic is the same.
    """
    micro_tokens: int = Field(ge=1)
    """Maximum tokens of one forward pass of one rank; a longer row has a pass to itself."""
    attention: Literal["rows", "varlen"]
    """`rows` runs anywhere, `varlen` is PyTorch's variable-length flash attention on NVIDIA GPUs."""
    gradient_checkpointing: bool = False
    """Recompute activations instead of storing them."""
    loss_chunk: int | None = Field(default=None, ge=1)
    """Target positions whose logits exist at once; None computes those of a whole forward pass together."""
    together: bool = False
    """True if training and engines fit on the devices at once; otherwise they alternate, and one is offloaded."""
    batch_invariant: bool = False
    """Use vLLM's kernels whose results do not depend on the other prompts in a batch."""
    engine_memory: float = Field(default=0.9, gt=0, le=1)
    """Share of a device's memory that an engine may use; no effect on a CPU."""
    swap: Literal["in_place", "fresh"] = "in_place"
    """Weight loading of engines: swapped in place while they run, or by new processes.

    Engines that detect at boot that they cannot swap in place fall back to new processes.
    """
    kv_cache_gib: int = Field(default=1, ge=1)
    """Memory for the key-value cache of an engine on a CPU, in GiB; no effect on a GPU."""
    models: str | None = None
    """Folder on a RAM disk for trained models until they are evaluated; None stores them in the work folder."""
    cpus: int = Field(ge=1)
    """CPU cores of a worker."""
    threads: int = Field(ge=1)
    """OpenMP threads of each process."""
    tries: int = Field(default=2, ge=1)
    """Attempts at a unit of work before its evaluation fails."""
    start_seconds: float = Field(gt=0)
    """Timeout for a child process to become ready. The first training compiles an extension."""
    silent_seconds: float = Field(gt=0)
    """Timeout after which a silent working child counts as hung."""
    hour_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Price of one device for one hour, in US dollars; the profile's file names its source. None: no price."""
    device_gib: float | None = Field(default=None, gt=0)
    """Memory of one device, as PyTorch reports it; None where the device uses host memory."""
    host_gib: int | None = Field(default=None, ge=1)
    """Memory of the host, RAM disk included; None disables the estimate."""
    speed: Speed

    @property
    def machine(self) -> Machine:
        """Machine facts that a plan needs, and that may be published."""
        return Machine(profile=self.name, devices=self.devices, hour_price=self.hour_price, speed=self.speed)


def load_profile(name: str) -> Profile:
    """Load a profile by name. Raises NotFound with the names that exist."""
    return Profile.model_validate(tomllib.loads(config_file(PROFILES, name, "profile").read_text()))
