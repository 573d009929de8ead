from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.models import tiny_llama
from evaluator.models.chat_template import ChatTemplate
from tests.support.evaluator_world import World


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base model of demo@1."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny_llama.build_model(folder)
    return folder


@pytest.fixture(scope="session")
def template() -> ChatTemplate:
    return ChatTemplate(tiny_llama.TOKENIZER.parent)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An arena of its own, with a benchmark and nothing evaluated."""
    return World(tmp_path)
