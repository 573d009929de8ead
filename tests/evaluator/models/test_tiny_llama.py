from __future__ import annotations

import platform
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tokenizers import Tokenizer

from evaluator.models import tiny_llama
from evaluator.models.chat_template import SPECIAL_TOKENS
from evaluator.models.tiny_llama import build

pytestmark = pytest.mark.integration

TOKENIZER = Tokenizer.from_file(str(tiny_llama.TOKENIZER))
TRAINED_ON = "3.11.7"
"""Python's help topics, a part of the corpus, change with its patch version."""


@pytest.mark.skipif(
    platform.python_version() != TRAINED_ON, reason=f"THE TOKENIZER WAS TRAINED ON PYTHON {TRAINED_ON}'S HELP TOPICS"
)
def test_the_committed_tokenizer_is_what_the_script_trains() -> None:
    assert build.train_tokenizer().to_str() == tiny_llama.TOKENIZER.read_text()


def test_the_vocabulary_is_full_and_the_special_tokens_are_its_end() -> None:
    assert TOKENIZER.get_vocab_size() == build.VOCABULARY
    ids = [TOKENIZER.token_to_id(token) for token in SPECIAL_TOKENS]
    assert ids == list(range(build.VOCABULARY - len(SPECIAL_TOKENS), build.VOCABULARY))


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_every_text_can_be_written_in_tokens(text: str) -> None:
    ids = TOKENIZER.encode(text, add_special_tokens=False).ids
    assert TOKENIZER.decode(ids, skip_special_tokens=False) == text


def test_it_is_made_the_same_every_time(tiny: Path, tmp_path: Path) -> None:
    tiny_llama.build_model(tmp_path / "again")
    tiny_llama.build_model(tmp_path / "other", seed=1)
    one, two, other = (
        load_file(folder / "model.safetensors") for folder in (tiny, tmp_path / "again", tmp_path / "other")
    )
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["lm_head.weight"], other["lm_head.weight"])
    files = {file.name: file.read_bytes() for file in tiny.iterdir()}
    assert files == {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}
