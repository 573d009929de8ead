"""Model family: everything of a base model that depends on its architecture and its tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.models.families.conversation import ConversationTemplate
from evaluator.models.families.messages import ChatFrame
from submissions.errors import EvaluatorError

Config = Mapping[str, Any]
"""A model's config.json."""


@dataclass(frozen=True)
class ModelFamily:
    """One family. The trainer's attention hooks serve every family whose layers attend to all earlier tokens."""

    name: str
    model_type: str
    """Name in config.json, by which the family is chosen."""
    architecture: str
    """Class in config.json; a classifier of the same type has another one."""
    frame: ChatFrame
    control_tokens: tuple[str, ...]
    """Tokens that only the frame writes: a text that spells one stays text."""
    stop_tokens: tuple[str, ...]
    """Control tokens that end an answer."""
    tiny: str
    """Name of the family's tiny model in protocols."""
    build_tiny: Callable[[Path], None]
    """Writes the tiny model and its tokenizer into a new folder."""
    text_tokens: tuple[str, ...] = ()
    """Tokens that text may contain, such as `<think>`."""
    has_qkv_bias: bool = False
    """True if queries, keys and values always have biases."""
    bias_setting: str | None = None
    """Field of config.json that gives biases to queries, keys, values and outputs."""
    has_head_norms: bool = False
    """True if each head's queries and keys are normalised, with weights of their own in each layer."""
    default_head: int | None = None
    """Width of a head where config.json has none; None divides the hidden width by the heads."""

    def load_template(self, model: Path, frame: ChatFrame | None = None) -> ConversationTemplate:
        """Load the template with a folder's tokenizer, in the family's frame or a variant of it."""
        return ConversationTemplate(model, frame or self.frame, self.control_tokens, self.stop_tokens)

    def check_config(self, config: Config) -> None:
        """Refuse a model of this type that the trainer would compute wrongly. Raises EvaluatorError."""
        classes = config.get("architectures") or [self.architecture]
        if classes != [self.architecture]:
            raise EvaluatorError(
                f"The base model is a {', '.join(map(str, classes))}.", f"{self.name} models are {self.architecture}."
            )
        if config.get("use_sliding_window"):
            raise EvaluatorError(
                f"The base model ({self.name}) attends to a sliding window.",
                "The trainer's attention has none: take a model whose config.json sets use_sliding_window to false.",
            )

    def count_biases(self, config: Config, queries: int, keys: int) -> int:
        """Number of bias weights in a layer's attention, for these widths of queries and of keys."""
        if self.bias_setting and config.get(self.bias_setting):
            return queries + 2 * keys + int(config["hidden_size"])
        return queries + 2 * keys if self.has_qkv_bias else 0
