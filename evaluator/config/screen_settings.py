"""Settings of the near-duplicate search: part of a protocol, since they change scores."""

from __future__ import annotations

from pydantic import Field

from submissions.records.base import Record


class NearDuplicateSettings(Record):
    """Thresholds at which a row counts as a near-duplicate of a test row."""

    letters: int = Field(default=5, ge=2, le=8)
    """Length of a shingle in letters and digits; blanks do not count."""
    characters: int = Field(default=3, ge=1, le=8)
    """Length of a shingle that begins with a Chinese, Japanese or Korean character, which carries more information."""
    longest: int = Field(default=49_152, ge=100)
    """Maximum letters and digits compared of a text, the first ones: more than a training example can contain."""
    template_share: float = Field(default=0.5, gt=0, le=1)
    """Share of test rows above which a shingle is part of the task's instruction and does not distinguish rows."""
    similarity: float = Field(default=0.65, gt=0, le=1)
    """Minimum Jaccard index of the two rows' shingles for a near-duplicate."""
    containment: float = Field(default=0.9, gt=0, le=1)
    """Alternative: minimum share of the smaller row's shingles in the other, which is at most `times` as large."""
    times: float = Field(default=2.0, ge=1)
    fewest: int = Field(default=16, ge=1)
    """Minimum number of shingles that two rows share: fewer is chance."""
    anchors: int = Field(default=24, ge=4)
    """Shingles of a test row, spread over it, that propose rows which contain it."""
    anchor_share: float = Field(default=0.4, gt=0, le=1)
    """Minimum share of a test row's anchors in a row that is compared with it."""
    run: int = Field(default=8, ge=2)
    """Minimum letters that a row repeats in one piece for them to count as covered."""
    dense_run: int = Field(default=4, ge=2)
    """The same where a run begins with a Chinese, Japanese or Korean character."""
    uncovered: float = Field(default=0.2, ge=0, lt=1)
    """Maximum share of a long test row's letters that a row which contains it lacks."""
    smallest: int = Field(default=24, ge=1)
    """Minimum letters of a test row that another may contain as a copy; a Chinese, Japanese or Korean counts two."""
    question: float = Field(default=0.7, gt=0, le=1)
    """Share of a question's letters below which two rows on one passage ask different things."""
    answer: int = Field(default=100, ge=0)
    """Maximum letters and digits of a short answer; two rows whose short answers differ are different questions."""
    bands: int = Field(default=32, ge=2)
    """Bands of the MinHash index.

    The index proposes a pair of Jaccard index s with probability 1 - (1 - s^band_rows)^bands.
    """
    band_rows: int = Field(default=3, ge=1)
    seed: int = 42
    """Seed of the permutations."""


class FormerNearDuplicateSettings(Record):
    """Thresholds of the search that normalised as `letters-and-digits@1`: read in stored evaluations, never used."""

    letters: int
    characters: int
    longest: int
    template_share: float
    similarity: float
    containment: float
    times: float
    fewest: int
    stretch: int
    answer: int
    bands: int
    band_rows: int
    seed: int
