"""What memory is reckoned to be taken by: the figures in the profiles' comments, and what must follow from sizes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from evaluator.config.profile import PROFILES, Profile, load_profile
from evaluator.models.memory_model import GB, GIB, MemoryEstimate, estimate_memory, estimate_training
from evaluator.models.model_shape import SHAPES, lookup_model_shape, read_model_shape
from evaluator.tracks.protocols import load_protocol
from submissions.errors import CorruptRecord, NotFound

ARENA, DEMO = load_protocol("arena@1"), load_protocol("demo@1")
LLAMA = lookup_model_shape("meta-llama/Llama-3.1-8B")
PAPER = [file.stem for file in sorted(PROFILES.glob("*.toml")) if load_profile(file.stem).device == "cuda"]
EIGHT = load_profile("8xh100")


def memory(profile: Profile) -> MemoryEstimate:
    found = estimate_memory(LLAMA, profile, ARENA)
    assert found is not None
    return found


def said(name: str) -> dict[str, dict[str, float]]:
    """The figures in a profile's comments, by section."""
    figures: dict[str, dict[str, float]] = {}
    section = ""
    for line in (PROFILES / f"{name}.toml").read_text().splitlines():
        if head := re.fullmatch(r"# (\w+):", line):
            section = head[1]
        elif one := re.fullmatch(r"#   ([a-z ]+) (\d+\.\d) GB", line):
            figures.setdefault(section, {})[one[1]] = float(one[2])
    return figures


def test_there_are_the_profiles_that_were_promised() -> None:
    assert {"8xh100", "h200", "4xa100-80"} <= set(PAPER)


@pytest.mark.parametrize("name", PAPER)
def test_every_figure_in_a_profile_s_comments_is_what_its_settings_come_to(name: str) -> None:
    found = memory(load_profile(name))
    reckoned = {section: {part: round(size / GB, 1) for part, size in parts.items()}
                for section, parts in found.figures.items()}  # fmt: skip
    assert said(name) == reckoned
    thousands = re.search(r"cache holds (\d+) thousand tokens", (PROFILES / f"{name}.toml").read_text())
    assert thousands
    assert int(thousands[1]) == found.cache_tokens // 1000


@pytest.mark.parametrize("name", PAPER)
@pytest.mark.parametrize("protocol", ["arena@1", "paper@1"])
def test_a_profile_fits_its_machine(name: str, protocol: str) -> None:
    profile = load_profile(name)
    assert memory(profile).has_room(load_protocol(protocol), together=profile.together)


def test_the_states_of_a_training_are_sixteen_bytes_a_parameter() -> None:
    """2 for a weight, 2 for its gradient, 4 for the fp32 copy and 8 for Adam's moments, shared out by the stage."""
    one = LLAMA.parameters

    def states(stage: int, ranks: int) -> int:
        profile = EIGHT.model_copy(update={"zero_stage": stage, "ranks": ranks})
        state = dict(estimate_training(LLAMA, profile, ARENA).state)
        state.pop("context")
        return sum(state.values())

    assert states(3, 1) == states(1, 1) == 16 * one
    assert [states(stage, 8) for stage in (1, 2, 3)] == pytest.approx([(4 + 12 / 8) * one, (2 + 14 / 8) * one, 2 * one])


def test_checkpointed_activations_take_256_kib_a_token_and_one_layer_more() -> None:
    def activations(**changes: object) -> int:
        return estimate_training(LLAMA, EIGHT.model_copy(update=changes), ARENA).passing["activations"]

    more = activations(micro_tokens=9192) - activations(micro_tokens=8192)
    assert 256 * 1024 < more / 1000 < 2 * 256 * 1024
    assert activations(gradient_checkpointing=False) > 10 * activations()
    assert activations(micro_tokens=16) == activations(micro_tokens=ARENA.sft.cutoff_tokens), "a long row goes alone"


def test_logits_are_what_the_loss_looks_at_together() -> None:
    def logits(chunk: int | None) -> int:
        profile = EIGHT.model_copy(update={"loss_chunk": chunk, "micro_tokens": 4096})
        return estimate_training(LLAMA, profile, ARENA).passing["logits"]

    assert logits(None) == logits(4096) == 4 * logits(1024)
    assert logits(None) / GB == pytest.approx(5.3, abs=0.05)


def test_one_h200_has_no_room_for_stages_that_step_everything_at_once() -> None:
    h200 = load_profile("h200")
    for stage in (1, 2):
        assert not memory(h200.model_copy(update={"zero_stage": stage})).has_room(ARENA, together=False)
    assert not memory(h200).has_room(ARENA, together=True)


@pytest.mark.parametrize("change", [{"engine_memory": 0.2}, {"engine_memory": 0.6}, {"host_gib": 64}])
def test_too_little_for_either_is_seen(change: dict[str, object]) -> None:
    assert memory(EIGHT).has_room(ARENA, together=True)
    assert not memory(EIGHT.model_copy(update=change)).has_room(ARENA, together=True)


def test_an_engine_takes_its_share_and_no_more() -> None:
    found = memory(EIGHT)
    assert found.engine_total == int(EIGHT.engine_memory * (EIGHT.device_gib or 0) * GIB)
    a_token = 2 * 32 * 8 * 128 * 2  # keys and values, layers, heads, their width, bytes
    assert found.cache_tokens == found.engine["cache"] // a_token


def test_a_profile_that_states_no_memory_is_not_reckoned() -> None:
    assert estimate_memory(lookup_model_shape("tiny-llama@1"), load_profile("cpu"), DEMO) is None


def test_parameters_are_counted_as_transformers_counts_them(tiny: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny)
    assert read_model_shape(tiny) == SHAPES["tiny-llama@1"]
    assert read_model_shape(tiny).parameters == model.num_parameters()
    sizes = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = LlamaConfig(**sizes, vocab_size=50, num_key_value_heads=1, head_dim=10, tie_word_embeddings=True)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    assert read_model_shape(tmp_path).parameters == LlamaForCausalLM(config).num_parameters()


def test_the_8b_model_has_8_03_billion_parameters() -> None:
    assert LLAMA.parameters == 8_030_261_248


def test_what_describes_no_model_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama", "hidden_size": 4}')
    with pytest.raises(CorruptRecord, match="num_attention_heads"):
        read_model_shape(tmp_path)
    with pytest.raises(NotFound, match=r"take one of meta-llama/Llama-3.1-8B"):
        lookup_model_shape("gpt-2")
