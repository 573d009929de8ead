"""What was read in an answer, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal[
    "right_letter",
    "right_text",
    "right_label",
    "other_option",
    "other_label",
    "ambiguous",
    "denied",
    "unread",
    "empty",
    "exact",
    "partial",
    "different",
]
RIGHT_VERDICTS: frozenset[Verdict] = frozenset({"right_letter", "right_text", "right_label"})
By = Literal["letter", "text", "label", "none"]


@dataclass(frozen=True)
class Reading:
    """Options or labels that a line names."""

    named: frozenset[str] = frozenset()
    by: By = "none"
    """Whether the option was named by its letter, or else by its text."""
    is_denied: bool = False
    """Whether the line denies one and names no other."""
    is_hedged: bool = False
    """Whether several are named as alternatives."""
    is_announced: bool = False
    """Whether a word for `answer` comes before the first one named."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was named or denied."""
        return not self.named and not self.is_denied


UNREAD = Reading()


def judge_reading(reading: Reading, gold: frozenset[str], kind: Literal["option", "label"]) -> Verdict:
    """Return the verdict on what an answer names beside the expected options or labels."""
    if reading.is_denied:
        return "denied"
    if not reading.named:
        return "unread"
    if reading.is_hedged or len(reading.named) > max(1, len(gold)):
        return "ambiguous"
    if reading.named != gold:
        return "other_option" if kind == "option" else "other_label"
    if kind == "label":
        return "right_label"
    return "right_letter" if reading.by == "letter" else "right_text"
