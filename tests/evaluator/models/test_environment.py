from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evaluator.config.profile import load_profile
from evaluator.models.base_model import prepare_base_model
from evaluator.models.environment import describe_setup
from evaluator.tracks.protocols import load_protocol
from submissions.records.anchors import Setup

PROTOCOL = load_protocol("demo@1")
CPU = load_profile("cpu")


def setup(model: Path) -> Setup:
    return describe_setup(model, PROTOCOL, CPU)


def test_the_setup_names_what_computes() -> None:
    found = setup(Path(__file__).parent)
    assert {"torch", "transformers", "sacrebleu"} <= found.packages.keys()
    assert found.hardware.startswith("CPU ")
    assert (found.model, found.seed) == (PROTOCOL.base_model.id, PROTOCOL.sft.seed)


def test_every_file_of_the_model_shapes_its_hash(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "original").mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "original" / "params.json").write_text("{}")
    shutil.copytree(model, tmp_path / "copy")
    first = setup(model).model_sha256
    assert setup(tmp_path / "copy").model_sha256 == first
    (model / "original" / "params.json").write_text("[]")
    second = setup(model).model_sha256
    (model / "original" / "params.json").rename(model / "params.json")
    assert len({first, second, setup(model).model_sha256}) == 3


@pytest.mark.integration
def test_the_tiny_model_is_made_once(tiny: Path, tmp_path: Path) -> None:
    made = prepare_base_model(PROTOCOL, tmp_path)
    assert setup(made).model_sha256 == setup(tiny).model_sha256
    before = {file: file.stat().st_mtime_ns for file in made.iterdir()}
    assert prepare_base_model(PROTOCOL, tmp_path) == made
    assert {file: file.stat().st_mtime_ns for file in made.iterdir()} == before
