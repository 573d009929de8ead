"""Protocol of DatasetResearch: fine-tuning and shots between two anchors (SCORING.md: paper@1, arena@1)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from evaluator.config.judge_settings import JudgeSettings
from evaluator.config.protocol import (
    AnchorSettings,
    BaseModelChoice,
    DecodingSettings,
    GainScale,
    Protocol,
    RatioScale,
    ScreenSettings,
    SftSettings,
    StatisticsSettings,
)
from submissions.records.base import Record
from submissions.records.result import Method
from submissions.tracks.dataset_research_scales import GAIN, SHARE
from submissions.tracks.published_protocol import ProtocolScale


class FewShotSettings(Record):
    """Shots drawn from the entry."""

    shots: tuple[Literal[1, 3, 5], ...]
    draws: int
    """Independent draws of shots; the score is their mean."""
    seed: int
    with_fewer_rows: Literal["all", "none"]
    """Shots of an entry with fewer rows than shots: all its rows, or none as in the published code."""


class AnchoredProtocol(Protocol):
    """One version of the rules of DatasetResearch. The order of the fields shapes its hash."""

    POST_GENERATION: ClassVar[tuple[str, ...]] = (
        "name", "metrics", "screen", "judge", "scale", "anchors", "statistics",
    )  # fmt: skip
    """Fields used after generation only; the screen still shapes answers through the rows that it leaves."""

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
    def methods(self) -> tuple[Method, ...]:
        """Methods that this protocol measures, few-shot first."""
        return (*(FEW_SHOT_METHODS[shots] for shots in self.few_shot.shots), "fine_tune")


FEW_SHOT_METHODS: dict[int, Method] = {1: "few_shot_1", 3: "few_shot_3", 5: "few_shot_5"}
"""The method of each number of shots."""


def describe_scale(protocol: AnchoredProtocol) -> ProtocolScale:
    """Return the display scale of a protocol's totals."""
    return GAIN if isinstance(protocol.scale, GainScale) else SHARE
