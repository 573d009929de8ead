"""Facts of a protocol that readers need: its track, stages, scale and place among the others (protocols.jsonl)."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Key, Record, Sha256

PROTOCOL_NAME = r"[a-z][a-z0-9_-]*@\d+"
"""Pattern of a protocol's name with its version, for example `demo@1`; unique across all tracks."""


class ProtocolScale(Record):
    """Display scale of a protocol's totals, and its words."""

    unit: str
    factor: float = 1.0
    """Factor from stored to shown values."""
    decimals: int = Field(default=3, ge=0, le=6)
    reference: float | None = None
    """Shown value of the model trained on the real data; None on a scale without such a point."""
    meaning: str
    base: str = ""
    """Description of the untouched model's position on the scale; empty without such a point."""
    heading: str
    """Column heading."""
    numbers: str = ""
    """Name of the values in the plural, after "Scores are"; empty for the unit."""
    zero: str = ""
    """Model that has 0, in a few words; empty if 0 has no meaning."""
    top: str = ""
    """Model that has `reference`, in a few words."""
    task: str = ""
    """Meaning of a value on one task."""
    mean: str = ""
    """Meaning of a total, and the value of a missing task in it."""

    @property
    def is_score(self) -> bool:
        """True if the scale has no second point: a task's value is then its score, and needs no column beside it."""
        return self.reference is None and not self.zero

    def to_display(self, value: float | None) -> float | None:
        """Convert a stored value for display."""
        return None if value is None else value * self.factor


POINTS = ProtocolScale(unit="points", meaning="Mean score over all tasks.", heading="Score")
"""Scale of values that are shown as they are."""


class PublishedProtocol(Record):
    """One protocol that an evaluator serves: a line of protocols.jsonl."""

    name: str = Field(pattern=rf"^{PROTOCOL_NAME}$")
    track: str
    sha256: Sha256
    """Hash of the protocol today; results of another one are not ranked."""
    benchmark_sha256: Sha256 | None = None
    """Hash of the benchmark today, as results carry it; None if it is not known."""
    stages: tuple[Key, ...]
    """Steps of an evaluation, in order."""
    methods: tuple[Key, ...]
    """Methods that it measures, in the order of the pages."""
    scale: ProtocolScale
    order: int = 1
    """Position among the track's protocols, the smallest first; those of one position by name."""
    note: str = ""
    """Purpose of the protocol, in a sentence."""
