from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.config.profile import Profile, load_profile
from evaluator.generation.engine_pool import build_environments, partition_prompts
from evaluator.generation.engine_process import VllmEngine
from submissions.errors import EvaluatorError

PROMPTS = st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=40)
ENGINES = st.integers(1, 8)


def gpus(**fields: object) -> Profile:
    known = {"name": "gpus", "device": "cuda", "devices": 4, "engines": 4}
    return load_profile("cpu").model_copy(update=known | fields)


def seen(profile: Profile, environment: dict[str, str]) -> list[str]:
    return [env["CUDA_VISIBLE_DEVICES"] for env in build_environments(profile, environment)]


def test_each_engine_sees_one_device_of_the_station() -> None:
    assert seen(gpus(), {}) == ["0", "1", "2", "3"]
    assert seen(gpus(), {"CUDA_VISIBLE_DEVICES": "7, 5,GPU-1a,2"}) == ["7", "5", "GPU-1a", "2"]
    assert seen(gpus(engines=1), {"CUDA_VISIBLE_DEVICES": "6,7"}) == ["6"]
    assert seen(gpus(engines=3), {"CUDA_VISIBLE_DEVICES": "6,7"}) == ["6", "7", "6"]


def test_a_station_whose_devices_are_hidden_is_an_error() -> None:
    with pytest.raises(EvaluatorError, match="hides all of them"):
        build_environments(gpus(), {"CUDA_VISIBLE_DEVICES": ""})


def test_engines_on_a_cpu_see_no_device() -> None:
    assert seen(load_profile("cpu").model_copy(update={"engines": 2}), {"CUDA_VISIBLE_DEVICES": "0"}) == ["", ""]


def test_batch_invariance_is_switched_on_where_there_are_kernels_for_it() -> None:
    def switch(profile: Profile) -> str | None:
        return build_environments(profile, {})[0].get("VLLM_BATCH_INVARIANT")

    assert switch(gpus(batch_invariant=True)) == "1"
    assert switch(gpus(batch_invariant=False)) is None
    assert switch(load_profile("cpu").model_copy(update={"batch_invariant": True})) is None


class Sleeper:
    """vLLM's engine on a GPU as far as sleep goes: what sleeps at level 2 is lost, and must not be used.

    Its output layer is tied, with a copy of the weights that a reload does not make again.
    """

    def __init__(self) -> None:
        self.awake, self.weights, self.cached, self.packed = {"weights", "kv_cache"}, "base", "nothing", "base"

    def sleep(self, level: int) -> None:
        assert level == 2
        assert self.awake == {"weights", "kv_cache"}, "already sleeping"
        self.awake, self.weights = set(), "garbage"

    def wake_up(self, tags: list[str]) -> None:
        assert not self.awake & set(tags), "already awake"
        self.awake |= set(tags)

    def collective_rpc(self, method: str, kwargs: dict[str, Any]) -> None:
        assert method == "reload_weights"
        assert "weights" in self.awake
        self.weights = kwargs["weights_path"]

    def apply_model(self, change: Callable[[Any], None]) -> None:
        def pack(_layer: object) -> None:
            assert "weights" in self.awake
            self.packed = self.weights

        head = SimpleNamespace(quant_method=SimpleNamespace(process_weights_after_loading=pack))
        change(SimpleNamespace(config=SimpleNamespace(tie_word_embeddings=True), lm_head=head))

    def reset_prefix_cache(self) -> None:
        assert "kv_cache" in self.awake
        self.cached = "nothing"

    def answer(self) -> str:
        assert self.awake == {"weights", "kv_cache"}
        assert self.cached in ("nothing", self.weights)
        assert self.packed == self.weights
        self.cached = self.weights
        return self.weights


def test_an_engine_that_sleeps_wakes_with_the_weights_of_the_next_model() -> None:
    sleeper = Sleeper()
    engine = VllmEngine(sleeper, "base", can_sleep=True)  # type: ignore[arg-type]
    assert engine.supports_weight_swap()
    assert sleeper.answer() == "base"
    engine.load_weights("one")
    assert sleeper.answer() == "one"
    engine.sleep()
    engine.sleep()
    assert not sleeper.awake
    engine.load_weights("base")
    assert sleeper.answer() == "base"


def test_an_engine_that_cannot_sleep_keeps_its_weights_at_rest() -> None:
    sleeper = Sleeper()
    engine = VllmEngine(sleeper, "base", can_sleep=False)  # type: ignore[arg-type]
    engine.sleep()
    assert sleeper.answer() == "base"


@given(PROMPTS, ENGINES)
def test_every_prompt_is_asked_once_and_common_beginnings_stay_together(prompts: list[list[int]], engines: int) -> None:
    cut = partition_prompts(prompts, engines)
    asked = [index for share in cut for index in share]
    assert len(cut) == engines
    assert sorted(asked) == list(range(len(prompts)))
    assert [prompts[index] for index in asked] == sorted(prompts)


@given(PROMPTS, ENGINES)
def test_no_engine_has_more_than_an_equal_part_and_one_prompt(prompts: list[list[int]], engines: int) -> None:
    def tokens(share: list[int]) -> int:
        return sum(len(prompts[index]) or 1 for index in share)

    cut = partition_prompts(prompts, engines)
    longest = max((len(prompt) or 1 for prompt in prompts), default=0)
    whole = tokens(list(range(len(prompts))))
    assert all(tokens(share) <= whole / engines + longest for share in cut)


def test_equal_prompts_are_dealt_out_evenly() -> None:
    assert [len(share) for share in partition_prompts([[1, 2]] * 12, 4)] == [3, 3, 3, 3]
