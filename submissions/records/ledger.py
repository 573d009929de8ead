"""What an evaluation cost."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from submissions.records.base import Record, TaskId, Ulid

CostStage = Literal["screen", "metadata", "few_shot", "fine_tune"]
"""The stages that take more than a moment."""
STAGES: tuple[CostStage, ...] = get_args(CostStage)
"""In the order of the work."""


class Cost(Record):
    """What one stage of one task took."""

    task: TaskId
    stage: CostStage
    seconds: float = Field(ge=0, allow_inf_nan=False)
    """Wall time, of all the profile's devices together. Starting trainer and engine is not in it: they serve many
    tasks."""
    tokens_trained: int = Field(default=0, ge=0)
    """Tokens of prompt and target in all epochs."""
    tokens_generated: int = Field(default=0, ge=0)
    """Of the model that is examined; a judge's are none of them."""
    peak_bytes: int | None = Field(default=None, ge=0)
    """The most memory that the stage's processes held, of the accelerators if there are any; None where it was not
    measured."""


class Ledger(Record):
    """The costs of one evaluation. Apart from the Result, which holds no time and repeats bit for bit."""

    submission: Ulid
    protocol: str
    profile: str
    devices: int = Field(ge=1)
    """Accelerators that were held, or 1 for a CPU machine."""
    hour_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Of one device, in US dollars; None where the profile names none."""
    costs: tuple[Cost, ...]

    @property
    def seconds(self) -> float:
        """Wall time of all stages."""
        return sum(cost.seconds for cost in self.costs)

    @property
    def tokens_trained(self) -> int:
        """Tokens of prompt and target in all epochs of all trainings."""
        return sum(cost.tokens_trained for cost in self.costs)

    @property
    def tokens_generated(self) -> int:
        """Tokens of all answers."""
        return sum(cost.tokens_generated for cost in self.costs)

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that any stage held; None where none was measured."""
        return max((cost.peak_bytes for cost in self.costs if cost.peak_bytes is not None), default=None)

    @property
    def device_hours(self) -> float:
        """Wall time times devices held."""
        return self.seconds * self.devices / 3600

    @property
    def price(self) -> float | None:
        """In US dollars; None without a price."""
        return None if self.hour_price is None else self.device_hours * self.hour_price
