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
    longest: int = Field(default=16_384, ge=100)
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
    stretch: int = Field(default=32, ge=1)
    """Run of shingles, mostly absent from the other input, that marks another question on the same passage."""
    answer: int = Field(default=100, ge=0)
    """Maximum letters and digits of a short answer; two rows whose short answers differ are different questions."""
    bands: int = Field(default=32, ge=2)
    """Bands of the MinHash index.

    The index proposes a pair of Jaccard index s with probability 1 - (1 - s^band_rows)^bands.
    """
    band_rows: int = Field(default=3, ge=1)
    seed: int = 42
    """Seed of the permutations."""
