"""Display scales of the protocols. Numbers of different protocols never share a column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Display scale of a protocol's totals."""

    unit: str
    factor: float
    """Factor from stored to shown values."""
    decimals: int
    reference: float
    """Shown value of the model trained on the real data."""
    meaning: str
    base: str
    """Description of the untouched model's position on the scale."""
    heading: str
    """Column heading."""
    task: str
    """Meaning of a value on one task."""
    mean: str
    """Meaning of a total, and the value of a missing task in it."""

    def to_display(self, value: float | None) -> float | None:
        """Convert a stored value for display."""
        return None if value is None else value * self.factor


GAIN = Scale(
    unit="gain",
    factor=1.0,
    decimals=3,
    reference=1.0,
    meaning="Gain over the base model, averaged over all tasks.",
    base="0 is the base model, 1 is the same model trained on the real data set.",
    heading="Gain",
    task="Gain 0 is the base model, gain 1 the same model trained on the real data set.",
    mean="Mean gain over the tasks of a subset; a missing task counts as no gain.",
)
SHARE = Scale(
    unit="% of the reference score",
    factor=100.0,
    decimals=2,
    reference=100.0,
    meaning="Score in percent of what the model reaches when it is trained on the real data set.",
    base="100 is the model trained on the real data set; the base model has its own row.",
    heading="% of reference",
    task="The score in percent of what the model reaches after training on the real data set, metric by metric.",
    mean="Mean over the tasks of a subset, in percent of each task's reference score; a missing task counts 0.",
)
PROTOCOL_NOTES = {
    "arena@1": "The protocol for ranking: held-out test rows, greedy decoding, gain between two measured anchors.",
    "demo@1": "arena@1 with a tiny model and tiny limits, for one CPU machine. For demonstration only.",
    "paper@1": "Compatible with the published code of DatasetResearch, so that its figures are comparable with ours.",
}


def scale_of(protocol: str) -> Scale:
    """Return the scale of a protocol's totals: a share of the reference score for paper@…, else a gain."""
    return SHARE if protocol.startswith("paper@") else GAIN


def protocols_in_use(default: str, found: Iterable[str]) -> tuple[str, ...]:
    """Order a board's protocols: the default one first, then the others by name, demo protocols last."""
    return (default, *sorted(set(found) - {default}, key=lambda name: (name.startswith("demo@"), name)))
