"""Protocol: everything that shapes a score, in one file per version under `protocols/`.

Each track has a class of its own (evaluator/stages/anchored_protocol.py), made of the sections here; the
tracks' scorers name it (evaluator/tracks/scorer.py), and evaluator/tracks/protocols.py loads it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import ClassVar, Literal
from typing import Protocol as Seam

from pydantic import Field

from evaluator.config.screen_settings import FormerNearDuplicateSettings, NearDuplicateSettings
from submissions.errors import NotFound
from submissions.records.base import Record
from submissions.records.result import Method
from submissions.tracks import get_track

PROTOCOLS = Path(__file__).with_name("protocols")


class BaseModelChoice(Record):
    """The base model that every data set is tested on."""

    id: str
    """`tiny-llama@1` (made on the spot), or a Hub model id."""
    dtype: Literal["float32", "bfloat16"]


class SftSettings(Record):
    """Full-parameter fine-tuning (SCORING.md, "Shared")."""

    max_rows: int
    """Maximum number of rows used of an entry: the first ones, after the screen."""
    epochs: float
    learning_rate: float
    scheduler: Literal["cosine"]
    warmup_ratio: float
    weight_decay: float
    max_grad_norm: float
    cutoff_tokens: int
    """Maximum length of a training example, prompt and target together."""
    global_batch: int
    """Rows per optimizer step, independent of the number of devices."""
    seed: int


class DecodingSettings(Record):
    """Sampling of answers from a model, and their maximum length."""

    temperature: float
    """0 is greedy; the other three settings then have no effect."""
    top_p: float = 1.0
    top_k: int = 0
    """0 is no limit."""
    seed: int = 0
    max_prompt_tokens: int
    max_new_tokens: int
    """Upper bound of an answer, in tokens."""
    times_longest_reference: float | None = None
    """Optional limit of an answer, in multiples of the longest reference output of its task, in tokens."""


class ScreenSettings(Record):
    """Removal of rows that copy a reference test row."""

    normalisation: Literal["letters-and-digits@1", "letters-digits-signs@2"]
    near: NearDuplicateSettings | FormerNearDuplicateSettings
    flag_over: float
    """Share of removed rows above which an entry is unranked until an organiser reviews it."""


class GainScale(Record):
    """gain = (S - S_base) / (S_ref - S_base), clipped (arena@1, rule 2)."""

    kind: Literal["gain"]
    low: float
    high: float
    admission: float
    """A task counts if S_ref - S_base is at least this many standard errors."""
    floors: Literal["trivial@1"] | None = Field(default=None, exclude_if=lambda rule: rule is None)
    """S_ref must be as far above each trivial baseline, too (evaluator/scoring/trivial_baselines.py); None without."""


class RatioScale(Record):
    """ratio = S / S_ref for each metric, then weighted; not clipped (paper@1, rule 5). Every task counts."""

    kind: Literal["ratio"]


class AnchorSettings(Record):
    """Measurement of the base and reference scores of a task."""

    seeds: tuple[int, ...] = Field(min_length=1)
    """Training seeds of the reference, one training each; S_ref is the mean of their scores."""


class StatisticsSettings(Record):
    """Intervals (SCORING.md, "Uncertainty")."""

    clusters: Literal["groups@1"] | None = Field(default=None, exclude_if=lambda rule: rule is None)
    """Items of one group (Row.group) are one cluster, drawn whole; None takes all items for independent."""
    resamples: int
    """Resamples of a total: of tasks, and of items within them."""
    item_resamples: int
    """Resamples of one task's items, the same for the score and both anchors."""
    seed: int


class Protocol(Record):
    """One version of a track's rules. A changed rule is a new version; each track's class adds its settings."""

    POST_GENERATION: ClassVar[tuple[str, ...]] = ("name",)
    """Fields used only after what a stage stores, so that a change of theirs reuses it."""

    name: str
    track: str

    @property
    def sha256(self) -> str:
        """Hash over the whole protocol."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def generation_sha256(self) -> str:
        """Hash over the settings that shape a stage's stored output, whatever is computed from it afterwards."""
        return hashlib.sha256(self.model_dump_json(exclude=set(self.POST_GENERATION)).encode()).hexdigest()

    @property
    def methods(self) -> tuple[Method, ...]:
        """Methods that this protocol measures, in the track's order."""
        return get_track(self.track).method_keys

    @property
    def has_preview(self) -> bool:
        """True if it measures a method that is shown before the costly stages."""
        previews = {method.key for method in get_track(self.track).methods if method.is_preview}
        return not previews.isdisjoint(self.methods)


class SftProtocol(Seam):
    """Name and training settings of a protocol, whatever its track."""

    @property
    def name(self) -> str:
        """Name with version."""

    @property
    def sft(self) -> SftSettings:
        """Settings of a training."""


class ModelProtocol(Seam):
    """Sections that trainer, engines and base model read of a protocol, whatever its track."""

    @property
    def base_model(self) -> BaseModelChoice:
        """Base model of all trainings."""

    @property
    def template(self) -> str:
        """Name of the chat template."""

    @property
    def sft(self) -> SftSettings:
        """Settings of a training."""

    @property
    def decoding(self) -> DecodingSettings:
        """Settings of an engine."""


def config_file(folder: Path, name: str, kind: str) -> Path:
    """Return the path of a named TOML file. Raises NotFound with the names that exist."""
    names = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in names:
        raise NotFound(f"No {kind} {name[:80]!r}; there are: {', '.join(names)}.")
    return folder / f"{name}.toml"
