"""Protocol: everything that shapes a score, in one file per version under `protocols/`."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from evaluator.config.judge_settings import JudgeSettings
from evaluator.config.screen_settings import FormerNearDuplicateSettings, NearDuplicateSettings
from submissions.errors import NotFound
from submissions.records.base import Record
from submissions.records.result import Method

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


class FewShotSettings(Record):
    """Shots drawn from the entry."""

    shots: tuple[Literal[1, 3, 5], ...]
    draws: int
    """Independent draws of shots; the score is their mean."""
    seed: int
    with_fewer_rows: Literal["all", "none"]
    """Shots of an entry with fewer rows than shots: all its rows, or none as in the published code."""


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
    """One version of the rules. A changed rule is a new version."""

    name: str
    track: str
    split: Literal["hash-split@1", "hash-split@2", "same-rows@1"]
    """Held-out test rows, or the first rows of the reference both to train on and to test on."""
    template: Literal["llama3@1", "llamafactory-llama3@1"]
    metrics: Literal["arena-metrics@1", "paper-metrics@1"]
    test_items: int
    """Maximum number of test rows evaluated, the first in the reference's order."""
    base_model: BaseModelChoice
    sft: SftSettings
    decoding: DecodingSettings
    few_shot: FewShotSettings
    screen: ScreenSettings | None = None
    """None trains on the rows as delivered, copies of test rows included."""
    judge: JudgeSettings | None = None
    """None leaves metadata unjudged."""
    scale: GainScale | RatioScale = Field(discriminator="kind")
    anchors: AnchorSettings
    statistics: StatisticsSettings

    @property
    def sha256(self) -> str:
        """Hash over the whole protocol."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def generation_sha256(self) -> str:
        """Hash over the settings that shape a model's answers, whatever is computed from them afterwards."""
        return hashlib.sha256(self.model_dump_json(exclude=set(POST_GENERATION_FIELDS)).encode()).hexdigest()

    @property
    def methods(self) -> tuple[Method, ...]:
        """Methods that this protocol measures, few-shot first."""
        return (*(FEW_SHOT_METHODS[shots] for shots in self.few_shot.shots), "fine_tune")


FEW_SHOT_METHODS: dict[int, Method] = {1: "few_shot_1", 3: "few_shot_3", 5: "few_shot_5"}
"""The method of each number of shots."""
POST_GENERATION_FIELDS = ("name", "metrics", "screen", "judge", "scale", "anchors", "statistics")
"""Fields used after generation only; the screen still shapes answers through the rows that it leaves."""


def load_protocol(name: str) -> Protocol:
    """Load a protocol by name. Raises NotFound with the names that exist."""
    return Protocol.model_validate(tomllib.loads(config_file(PROTOCOLS, name, "protocol").read_text()))


def is_shipped_protocol(name: str) -> bool:
    """Return whether the evaluator ships a protocol of this name."""
    return (PROTOCOLS / f"{name}.toml").is_file()


def config_file(folder: Path, name: str, kind: str) -> Path:
    """Return the path of a named TOML file. Raises NotFound with the names that exist."""
    names = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in names:
        raise NotFound(f"No {kind} {name[:80]!r}; there are: {', '.join(names)}.")
    return folder / f"{name}.toml"
