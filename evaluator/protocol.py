"""A protocol: everything that shapes a number, in one file per version under `protocols/`."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Literal

from submissions.errors import NotFound
from submissions.models import Method, Record

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
    """Greedy decoding with a limit taken from the reference."""

    max_prompt_tokens: int
    max_new_tokens: int
    """Upper bound of the limit, in tokens."""
    times_longest_reference: float
    """The limit is this many times the longest reference output of the task, in tokens."""


class FewShotSettings(Record):
    """Shots drawn from the entry."""

    shots: tuple[Literal[1, 3, 5], ...]
    draws: int
    """Independent draws of shots; the score is their mean."""
    seed: int


class ScreenSettings(Record):
    """Rows that copy a reference test row are removed."""

    normalisation: Literal["letters-and-digits@1"]
    flag_over: float
    """Share of removed rows over which an entry is unranked until an organiser looks."""


class GainSettings(Record):
    """gain = (S - S_base) / (S_ref - S_base), clipped."""

    low: float
    high: float


class Protocol(Record):
    """One version of the rules. A changed rule is a new version."""

    name: str
    track: str
    split: Literal["hash-split@1"]
    template: Literal["llama3@1"]
    metrics: Literal["arena-metrics@1"]
    test_items: int
    """At most this many test rows are asked, the first in the reference's order."""
    metadata: Literal["none"]
    """How delivered metadata is judged: not at all, which leaves the radar chart to systems that were judged."""
    base_model: BaseModelChoice
    sft: SftSettings
    decoding: DecodingSettings
    few_shot: FewShotSettings
    screen: ScreenSettings
    gain: GainSettings

    @property
    def sha256(self) -> str:
        """Hash over all that the protocol says."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods that this protocol measures, few-shot first."""
        few_shot: dict[int, Method] = {1: "few_shot_1", 3: "few_shot_3", 5: "few_shot_5"}
        return (*(few_shot[shots] for shots in self.few_shot.shots), "fine_tune")


def load_protocol(name: str) -> Protocol:
    """The protocol. Raises NotFound with the names that exist."""
    return Protocol.model_validate(tomllib.loads(_file(PROTOCOLS, name, "protocol").read_text()))


def _file(folder: Path, name: str, kind: str) -> Path:
    names = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in names:
        raise NotFound(f"No {kind} {name[:80]!r}; there are: {', '.join(names)}.")
    return folder / f"{name}.toml"
