"""Chat templates of the protocols, as token ids: one file per truncation method (SCORING.md)."""

from __future__ import annotations

from pathlib import Path

from evaluator.models.chat_template.llama3 import (
    BOS,
    EOM,
    EOS,
    EOT,
    HEADER_END,
    HEADER_START,
    IGNORED,
    SPECIAL_TOKENS,
    ChatTemplate,
    Example,
    truncate_middle,
)
from evaluator.models.chat_template.llamafactory import LlamaFactoryTemplate, infer_seqlen
from submissions.errors import NotFound

__all__ = [
    "BOS",
    "EOM",
    "EOS",
    "EOT",
    "HEADER_END",
    "HEADER_START",
    "IGNORED",
    "SPECIAL_TOKENS",
    "TEMPLATES",
    "ChatTemplate",
    "Example",
    "LlamaFactoryTemplate",
    "infer_seqlen",
    "load_template",
    "truncate_middle",
]

TEMPLATES: dict[str, type[ChatTemplate]] = {"llama3@1": ChatTemplate, "llamafactory-llama3@1": LlamaFactoryTemplate}
"""Template classes by the name in a protocol's `template`."""


def load_template(name: str, model: Path) -> ChatTemplate:
    """Load a template by name for the tokenizer of a model folder. Raises NotFound with the names that exist."""
    if name not in TEMPLATES:
        raise NotFound(f"No template {name[:80]!r}; there are: {', '.join(sorted(TEMPLATES))}.")
    return TEMPLATES[name](model)
