"""Model families by the type in a base model's config.json: one file each."""

from __future__ import annotations

import json
from pathlib import Path

from evaluator.models.families.conversation import ConversationTemplate
from evaluator.models.families.family import Config, ModelFamily
from evaluator.models.families.llama import LLAMA
from evaluator.models.families.messages import ChatFrame, ChatMessage, find_tagged_spans
from evaluator.models.families.qwen2 import QWEN2
from evaluator.models.families.qwen3 import QWEN3
from submissions.errors import CorruptRecord, EvaluatorError

__all__ = [
    "FAMILIES",
    "TINY_FAMILIES",
    "ChatFrame",
    "ChatMessage",
    "ConversationTemplate",
    "ModelFamily",
    "choose_family",
    "find_tagged_spans",
    "read_family",
]

FAMILIES = {family.model_type: family for family in (LLAMA, QWEN2, QWEN3)}
"""Families by the `model_type` of config.json."""
TINY_FAMILIES = {family.tiny: family for family in FAMILIES.values()}
"""Families by the name of their tiny model, as protocols name it."""


def choose_family(config: Config) -> ModelFamily:
    """Choose the family of a config.json. Raises EvaluatorError with the families that exist, or KeyError."""
    model_type = config["model_type"]
    if model_type not in FAMILIES:
        known = ", ".join(f"{family.model_type} ({family.name})" for family in FAMILIES.values())
        raise EvaluatorError(
            f"The base model is of type {str(model_type)[:80]!r}, which the evaluator does not know.",
            f"There are: {known}. evaluator/models/families/ has one file for each.",
        )
    family = FAMILIES[model_type]
    family.check_config(config)
    return family


def read_family(folder: Path) -> ModelFamily:
    """Read the family of the model in a folder. Raises EvaluatorError for an unknown one, or CorruptRecord."""
    try:
        return choose_family(json.loads((folder / "config.json").read_bytes()))
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise CorruptRecord(f"{folder / 'config.json'} does not describe a model ({error!r}).") from error
