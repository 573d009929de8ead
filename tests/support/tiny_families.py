"""Tokenizers of the tiny models, without their weights."""

from __future__ import annotations

import shutil
from pathlib import Path

from evaluator.models import tiny_llama
from evaluator.models.families import FAMILIES
from evaluator.models.families.tiny_models import make_qwen_tokenizer


def write_tokenizer(model_type: str, folder: Path) -> Path:
    """The tokenizer of a family's tiny model in a new folder."""
    folder.mkdir(parents=True)
    family = FAMILIES[model_type]
    if model_type == "llama":
        shutil.copyfile(tiny_llama.TOKENIZER, folder / "tokenizer.json")
    else:
        make_qwen_tokenizer((family.control_tokens, family.text_tokens)).save(str(folder / "tokenizer.json"))
    return folder
