"""What the search for near-duplicates depends on: part of a protocol, since it moves numbers."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Record


class NearDuplicateSettings(Record):
    """A row is a near-duplicate of a test row if enough of the two is the same."""

    letters: int = Field(default=5, ge=2, le=8)
    """Length of a shingle in letters and digits; blanks do not count."""
    characters: int = Field(default=3, ge=1, le=8)
    """Length of a shingle that begins with a Chinese, Japanese or Korean character, each of which says more."""
    longest: int = Field(default=16_384, ge=100)
    """Letters and digits of a text that are compared, the first ones: more than a training example can hold."""
    template_share: float = Field(default=0.5, gt=0, le=1)
    """A shingle in more than this share of the test rows is the task's instruction and tells no row from another."""
    similarity: float = Field(default=0.65, gt=0, le=1)
    """Jaccard index of the two rows' shingles from which they are near-duplicates."""
    containment: float = Field(default=0.9, gt=0, le=1)
    """Or: this share of the smaller row's shingles lies in the other, which is at most `times` as large."""
    times: float = Field(default=2.0, ge=1)
    fewest: int = Field(default=16, ge=1)
    """Shingles that two rows must share: less is chance."""
    stretch: int = Field(default=32, ge=1)
    """Shingles in a row, mostly absent from the other input: another question about the same passage."""
    answer: int = Field(default=100, ge=0)
    """Letters and digits of the longest short answer; where two disagree, the questions are not the same."""
    bands: int = Field(default=32, ge=2)
    """Of the MinHash index: a pair of Jaccard index s is looked at with probability 1 - (1 - s^band_rows)^bands."""
    band_rows: int = Field(default=3, ge=1)
    seed: int = 42
    """Of the permutations."""
