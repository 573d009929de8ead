"""A protocol: everything that shapes a number, in one file per version under `protocols/`."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from evaluator.config.judge_settings import JudgeSettings
from evaluator.config.screen_settings import NearDuplicateSettings
from submissions.errors import NotFound
from submissions.records.base import Record
from submissions.records.result import Method

PROTOCOLS = Path(__file__).with_name("protocols")


class BaseModelChoice(Record):
    """The model that every data set is tried on."""

    id: str
    """`tiny-llama@1` (made on the spot), or a Hub model id."""
    dtype: Literal["float32", "bfloat16"]


class SftSettings(Record):
    """Full-parameter fine-tuning (SCORING.md, "Shared")."""

    max_rows: int
    """Rows of an entry that are used: the first ones, after the screen."""
    epochs: float
    learning_rate: float
    scheduler: Literal["cosine"]
    warmup_ratio: float
    weight_decay: float
    max_grad_norm: float
    cutoff_tokens: int
    """Longest training example, prompt and target together."""
    global_batch: int
    """Rows per optimizer step, whatever the number of devices."""
    seed: int


class DecodingSettings(Record):
    """How answers are drawn from a model, and how long they may be."""

    temperature: float
    """0 is greedy: then the other three say nothing."""
    top_p: float = 1.0
    top_k: int = 0
    """0 is no limit."""
    seed: int = 0
    max_prompt_tokens: int
    max_new_tokens: int
    """Upper bound of an answer, in tokens."""
    times_longest_reference: float | None = None
    """If set, an answer is at most this many times the longest reference output of its task, in tokens."""


class FewShotSettings(Record):
    """Shots drawn from the entry."""

    shots: tuple[Literal[1, 3, 5], ...]
    draws: int
    """Independent draws of shots; the score is their mean."""
    seed: int
    with_fewer_rows: Literal["all", "none"]
    """What is shown of an entry that has fewer rows than shots: all of them, or none as the published code does."""


class ScreenSettings(Record):
    """Rows that copy a reference test row are removed."""

    normalisation: Literal["letters-and-digits@1"]
    near: NearDuplicateSettings
    flag_over: float
    """Share of removed rows over which an entry is unranked until an organiser looks."""


class GainScale(Record):
    """gain = (S - S_base) / (S_ref - S_base), clipped (arena@1, rule 2)."""

    kind: Literal["gain"]
    low: float
    high: float
    admission: float
    """A task counts if S_ref - S_base is at least this many standard errors."""


class RatioScale(Record):
    """ratio = S / S_ref for each metric, then weighted; not clipped (paper@1, rule 5). Every task counts."""

    kind: Literal["ratio"]


class AnchorSettings(Record):
    """How the two ends of a task's scale are measured."""

    seeds: tuple[int, ...] = Field(min_length=1)
    """One training of the reference for each; S_ref is the mean of their scores."""


class StatisticsSettings(Record):
    """Intervals (SCORING.md, "Uncertainty")."""

    resamples: int
    """Resamples of a total: of tasks, and of items within them."""
    item_resamples: int
    """Resamples of one task's items, the same for the score and both anchors."""
    seed: int


class Protocol(Record):
    """One version of the rules. A changed rule is a new version."""

    name: str
    track: str
    split: Literal["hash-split@1", "same-rows@1"]
    """Held-out test rows, or the first rows of the reference to train on and to be tested on."""
    template: Literal["llama3@1", "llamafactory-llama3@1"]
    metrics: Literal["arena-metrics@1", "paper-metrics@1"]
    test_items: int
    """At most this many test rows are asked, the first in the reference's order."""
    base_model: BaseModelChoice
    sft: SftSettings
    decoding: DecodingSettings
    few_shot: FewShotSettings
    screen: ScreenSettings | None = None
    """None trains on rows as they were delivered, copies of test rows included."""
    judge: JudgeSettings | None = None
    """None leaves metadata unjudged."""
    scale: GainScale | RatioScale = Field(discriminator="kind")
    anchors: AnchorSettings
    statistics: StatisticsSettings

    @property
    def sha256(self) -> str:
        """Hash over all that the protocol says."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def generation_sha256(self) -> str:
        """Hash over what shapes a model's answers, whatever is made of them afterwards."""
        return hashlib.sha256(self.model_dump_json(exclude=set(POST_GENERATION_FIELDS)).encode()).hexdigest()

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods that this protocol measures, few-shot first."""
        return (*(FEW_SHOT_METHODS[shots] for shots in self.few_shot.shots), "fine_tune")


FEW_SHOT_METHODS: dict[int, Method] = {1: "few_shot_1", 3: "few_shot_3", 5: "few_shot_5"}
"""The method of each number of shots."""
POST_GENERATION_FIELDS = ("name", "metrics", "screen", "judge", "scale", "anchors", "statistics")
"""What is done with answers once they are there; the screen shapes them through the rows that it leaves."""


def load_protocol(name: str) -> Protocol:
    """The protocol. Raises NotFound with the names that exist."""
    return Protocol.model_validate(tomllib.loads(config_file(PROTOCOLS, name, "protocol").read_text()))


def config_file(folder: Path, name: str, kind: str) -> Path:
    """Path of a named TOML file. Raises NotFound with the names that exist."""
    names = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in names:
        raise NotFound(f"No {kind} {name[:80]!r}; there are: {', '.join(names)}.")
    return folder / f"{name}.toml"
