"""Resource usage of one piece of work, with the peak memory of its process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import Field

from submissions.records.base import Record

FILE = "spent.json"
"""File in the folder of a trained model, created with the model, so that every training has its cost."""
_STATUS = Path("/proc/self/status")
_CLEAR_REFERENCES = Path("/proc/self/clear_refs")


class ResourceUsage(Record):
    """Resource usage of one piece of work."""

    seconds: float = Field(ge=0, allow_inf_nan=False)
    """Time of a training: from the base weights until its devices are free for the next one.

    Excludes writing files in parallel, and the one-time costs of a process: its start and the loading of the base
    model.
    """
    tokens_trained: int = Field(default=0, ge=0)
    tokens_generated: int = Field(default=0, ge=0)
    peak_bytes: int | None = Field(default=None, ge=0)
    """Peak memory, of the accelerators if there are any; None if not measured."""

    def __add__(self, other: ResourceUsage) -> ResourceUsage:
        """Usage of both, one after the other."""
        peaks = [one.peak_bytes for one in (self, other) if one.peak_bytes is not None]
        return ResourceUsage(
            seconds=self.seconds + other.seconds,
            tokens_trained=self.tokens_trained + other.tokens_trained,
            tokens_generated=self.tokens_generated + other.tokens_generated,
            peak_bytes=max(peaks, default=None),
        )


def reset_peak_memory(device: str) -> None:
    """Reset this process's memory peak. A kernel that does not allow it reports the peak of the whole process."""
    if device == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats()
        return
    with suppress(OSError):
        _CLEAR_REFERENCES.write_text("5")


def read_peak_bytes(device: str) -> int | None:
    """Peak memory of this process since the reset: of its accelerator, else RAM; None off Linux."""
    if device == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated())
    if not _STATUS.exists():
        return None
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])
