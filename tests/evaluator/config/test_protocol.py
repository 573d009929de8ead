from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from evaluator.config.protocol import PROTOCOLS
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol
from submissions.errors import NotFound

COMMITTED = Path(__file__).with_name("protocols.json")
NAMES = sorted(file.stem for file in PROTOCOLS.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_protocol_is_named_like_its_file(name: str) -> None:
    assert load_protocol(name).name == name


def test_protocols_do_not_change_without_a_new_version() -> None:
    committed = json.loads(COMMITTED.read_text())
    found = {name: load_protocol(name).sha256 for name in NAMES}
    changed = [name for name in committed if found.get(name) != committed[name]]
    assert not changed, (
        f"{', '.join(changed)} is not what it was when {COMMITTED.name} was written, and results were measured by it. "
        "Put the change into a protocol with a new version. (Only a version that nobody has measured by may change: "
        f"then write its new hash into {COMMITTED.name}: {json.dumps({name: found.get(name) for name in changed})})"
    )
    unlisted = sorted(found.keys() - committed.keys())
    assert not unlisted, f"Write the hash of the new protocol into {COMMITTED.name}: {found}"


def test_a_name_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(NotFound, match="demo@1"):
        load_protocol("demo@2")


@pytest.mark.parametrize("name", ["../profiles/cpu", "demo@1.toml", "", "/etc/passwd", "demo@1/../demo@1"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(NotFound):
        load_protocol(name)


def test_an_unknown_field_is_refused() -> None:
    fields = tomllib.loads((PROTOCOLS / "demo@1.toml").read_text())
    fields["sft"]["packing"] = True
    with pytest.raises(ValidationError, match=r"sft\.packing"):
        AnchoredProtocol.model_validate(fields)


def test_every_setting_shapes_the_hash() -> None:
    protocol = load_protocol("demo@1")
    changed = [
        protocol.model_copy(update={"test_items": protocol.test_items + 1}),
        protocol.model_copy(update={"sft": protocol.sft.model_copy(update={"learning_rate": 2e-3})}),
        protocol.model_copy(update={"scale": protocol.scale.model_copy(update={"low": -2.0})}),
    ]
    assert len({protocol.sha256, *(other.sha256 for other in changed)}) == 4


def test_methods_are_those_of_the_shots_and_then_fine_tuning() -> None:
    protocol = load_protocol("demo@1")
    fewer = protocol.model_copy(update={"few_shot": protocol.few_shot.model_copy(update={"shots": (3,)})})
    assert protocol.methods == ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune")
    assert fewer.methods == ("few_shot_3", "fine_tune")


def test_what_is_done_with_answers_does_not_change_which_answers_they_are() -> None:
    protocol = load_protocol("demo@1")
    afterwards = protocol.model_copy(
        update={"scale": protocol.scale.model_copy(update={"low": -2.0}), "metrics": "paper-metrics@1", "name": "x@1"}
    )
    otherwise = protocol.model_copy(update={"decoding": protocol.decoding.model_copy(update={"temperature": 0.1})})
    assert afterwards.generation_sha256 == protocol.generation_sha256
    assert otherwise.generation_sha256 != protocol.generation_sha256


def test_the_three_protocols_say_what_scoring_says() -> None:
    """The figures of SCORING.md, beside each other."""
    paper, arena, demo = (load_protocol(name) for name in ("paper@1", "arena@1", "demo@1"))
    shared = {"epochs": 3, "learning_rate": 1e-5, "warmup_ratio": 0.1, "cutoff_tokens": 4096, "global_batch": 16}
    for protocol in (paper, arena):
        assert {name: getattr(protocol.sft, name) for name in shared} == shared
        assert protocol.sft.max_rows == protocol.test_items == 1000
        assert len(protocol.anchors.seeds) == 3
    assert (paper.decoding.temperature, paper.decoding.top_p, paper.decoding.top_k) == (0.1, 0.9, 50)
    assert (paper.few_shot.draws, arena.few_shot.draws) == (1, 3)
    assert (paper.scale.kind, paper.screen, paper.split) == ("ratio", None, "same-rows@1")
    for protocol in (arena, demo):
        assert (protocol.scale.kind, protocol.decoding.temperature, protocol.split) == ("gain", 0.0, "hash-split@2")
        assert protocol.decoding.times_longest_reference == 2.0
        assert protocol.screen is not None
