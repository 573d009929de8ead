"""Base of all records, which refuses unknown fields; names and ids; one measured number."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

TaskId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$"), AfterValidator(lambda task: _check_task_id(task))
]
Ulid = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name chosen by people: any script, no control characters."""
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Stored name of a track's method, stage, group of tasks or type of system; the track lists its own."""


def _check_task_id(task: str) -> str:
    if task.endswith((".csv", ".json", ".jsonl", ".parquet")):
        raise ValueError("a task id must not end like a file name: its page and its data file would have the same name")
    if task == "metadata":
        raise ValueError("metadata is not a task id: metadata.jsonl describes the data sets of a submission")
    return task


class Record(BaseModel):
    """Base class of every stored record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Score(Record):
    """One measured number. An unscored value is None with a reason; it is never zero."""

    name: str
    value: float | None = Field(default=None, allow_inf_nan=False)
    n: int = Field(ge=0)
    """Number of items (or tasks, in a total) in the mean."""
    interval: tuple[float, float] | None = None
    """Lower and upper bound of the 95% interval, on the scale of the value."""
    why: str | None = None
    """Reason of a missing value."""
    rough: str | None = Field(default=None, exclude_if=lambda reason: reason is None)
    """Reason why the interval may cover less than 95%; None for one that holds."""

    @model_validator(mode="after")
    def _unscored_says_why(self) -> Self:
        if self.value is None and not self.why:
            raise ValueError(f"score {self.name!r} has no value and no reason")
        return self
