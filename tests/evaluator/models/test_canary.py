from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from evaluator.config.profile import load_profile
from evaluator.errors import WrongWeights
from evaluator.generation import Completion, VllmGenerator
from evaluator.models import tiny_llama
from evaluator.models.chat_template import ChatTemplate
from evaluator.models.weight_canary import (
    FILE,
    TOLERANCES,
    Canary,
    check_logprobs,
    cut_canary_row,
    load_canary,
    mean_distance,
)
from evaluator.training.job_spec import count_targets
from tests.support.canary_rows import leave_canary, logprobs
from tests.support.evaluation_factories import make_protocol
from tests.support.factories import make_rows

WEIGHTS = "model.safetensors"
LIMIT = 8
FINITE = st.floats(-50, 0)


def canary(moved: float, tokens: int = 4) -> Canary:
    """A canary that training moved by so much."""
    base = (-3.0,) * tokens
    return Canary(ids=(1,) * (tokens + 2), start=2, logprobs=tuple(one + moved for one in base), base_logprobs=base)


@pytest.mark.integration
@given(st.floats(0, 20), st.sampled_from(sorted(TOLERANCES)))
def test_base_weights_are_refused_wherever_training_moved_the_canary_by_more_than_the_tolerance(
    moved: float, dtype: str
) -> None:
    known = canary(moved)
    assert 0 < known.max_distance(dtype) <= TOLERANCES[dtype]  # type: ignore[arg-type,index]
    known.check([0.0, *known.logprobs], dtype)  # type: ignore[arg-type]
    if moved > TOLERANCES[dtype] * 1.001:  # type: ignore[index]
        with pytest.raises(WrongWeights):
            known.check([0.0, *known.base_logprobs], dtype)  # type: ignore[arg-type]
        known.as_base_canary().check([0.0, *known.base_logprobs], dtype)  # type: ignore[arg-type]


@pytest.mark.integration
@given(st.lists(FINITE, min_size=1), st.floats(0, 9))
def test_the_distance_is_the_mean_difference_of_a_token(said: list[float], shift: float) -> None:
    assert mean_distance(said, [one + shift for one in said]) == pytest.approx(shift, abs=1e-9)


@pytest.mark.integration
@pytest.mark.parametrize("said", [[], [-1.0], [-1.0, math.nan], [-1.0, -math.inf], [-1.0, -2.0, -3.0]])
def test_an_engine_that_says_no_number_for_a_token_is_refused(said: list[float]) -> None:
    with pytest.raises(WrongWeights, match="does not answer with the weights"):
        check_logprobs([-1.0, -2.0], said, 1.0)
    with pytest.raises(WrongWeights):
        check_logprobs([], [], 1.0)


@pytest.mark.integration
def test_a_model_without_a_readable_canary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongWeights, match="A trained model has no"):
        load_canary(tmp_path)
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(WrongWeights, match="cannot be read"):
        load_canary(tmp_path)


@pytest.fixture(scope="module")
def ids(template: ChatTemplate) -> list[int]:
    """A prompt with its target."""
    first, second, *_ = make_rows("t", 2)
    return template.build_prompt(second.input, [(first.input, first.output)])


@pytest.fixture(scope="module")
def prompts(template: ChatTemplate) -> list[list[int]]:
    return [template.build_prompt(row.input) for row in make_rows("t", 3)]


@pytest.fixture(scope="module")
def generator(tiny: Path, template: ChatTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmGenerator]:
    log = tmp_path_factory.mktemp("engine") / "engine.log"
    with VllmGenerator(tiny, make_protocol(), load_profile("cpu"), template.stop_ids, log) as running:
        yield running


def slightly(base: Path, model: Path, seed: int) -> None:
    """A model beside the base model, as far away as a short training goes."""
    model.mkdir(parents=True)
    shutil.copyfile(base / "config.json", model / "config.json")
    random = torch.Generator().manual_seed(seed)
    weights = load_file(base / WEIGHTS)
    moved = {name: one * (1 + 0.02 * torch.randn(one.shape, generator=random)) for name, one in weights.items()}
    save_file(moved, model / WEIGHTS, metadata={"format": "pt"})


@pytest.fixture(scope="module")
def trained(tiny: Path, ids: list[int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tmp_path_factory.mktemp("trained") / "model"
    slightly(tiny, model, seed=1)
    leave_canary(model, tiny, ids, len(ids) // 2)
    return model


@pytest.fixture(scope="module")
def expected(generator: VllmGenerator, trained: Path, prompts: list[list[int]]) -> list[Completion]:
    return generator.generate(trained, prompts, LIMIT)


def refused(generator: VllmGenerator, model: Path, prompts: list[list[int]]) -> None:
    with pytest.raises(WrongWeights):
        generator.generate(model, prompts, LIMIT)
    assert generator._engines is None


@pytest.mark.slow
def test_an_engine_shows_the_weights_that_it_was_given_by_far_less_than_the_tolerance(
    generator: VllmGenerator, tiny: Path, trained: Path, prompts: list[list[int]], expected: list[Completion]
) -> None:
    known = load_canary(trained)
    assert mean_distance(known.logprobs, known.base_logprobs) > 10 * TOLERANCES["float32"]
    for model, theirs in ((trained, known), (tiny, known.as_base_canary())):
        assert (generator.generate(model, prompts, LIMIT) == expected) == (model == trained)
        assert generator._engines is not None
        (said,) = generator._engines.broadcast({"say": list(known.ids)})
        assert said["logprobs"] == pytest.approx(logprobs(model, known.ids), abs=1e-5)
        assert mean_distance(theirs.logprobs, said["logprobs"][known.start - 1 :]) < TOLERANCES["float32"] / 20


@pytest.mark.slow
def test_an_engine_that_answers_with_another_models_weights_is_refused_and_the_next_call_has_another_engine(
    generator: VllmGenerator,
    tiny: Path,
    trained: Path,
    prompts: list[list[int]],
    expected: list[Completion],
    tmp_path: Path,
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained, model)
    shutil.copyfile(tiny / WEIGHTS, model / WEIGHTS)  # as if nothing had been reloaded
    refused(generator, model, prompts)
    assert generator.generate(trained, prompts, LIMIT) == expected
    slightly(tiny, tmp_path / "neighbour", seed=2)
    shutil.copyfile(tmp_path / "neighbour" / WEIGHTS, model / WEIGHTS)
    refused(generator, model, prompts)
    assert generator.generate(trained, prompts, LIMIT) == expected


@pytest.mark.slow
def test_garbage_is_refused(generator: VllmGenerator, trained: Path, prompts: list[list[int]], tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained, model)
    weights = load_file(model / WEIGHTS)
    weights["model.norm.weight"].fill_(torch.nan)
    save_file(weights, model / WEIGHTS, metadata={"format": "pt"})
    refused(generator, model, prompts)


@pytest.mark.slow
@pytest.mark.full  # garbage and kept weights are in every run
def test_a_model_that_lost_a_layer_is_refused(
    generator: VllmGenerator, trained: Path, prompts: list[list[int]], tmp_path: Path
) -> None:
    """vLLM warns of it and answers with what it had there before."""
    model = tmp_path / "model"
    shutil.copytree(trained, model)
    weights = {name: one for name, one in load_file(model / WEIGHTS).items() if "layers.1." not in name}
    save_file(weights, model / WEIGHTS, metadata={"format": "pt"})
    refused(generator, model, prompts)


@pytest.mark.slow
def test_an_engine_that_kept_trained_weights_is_refused_for_the_base_model(
    tiny: Path, trained: Path, template: ChatTemplate, prompts: list[list[int]], tmp_path: Path
) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny, base)
    with VllmGenerator(
        base, make_protocol(), load_profile("cpu"), template.stop_ids, tmp_path / "engine.log"
    ) as running:
        running.generate(trained, prompts, LIMIT)
        shutil.copyfile(trained / WEIGHTS, base / WEIGHTS)
        refused(running, base, prompts)


@pytest.mark.integration
def test_a_trained_model_without_canary_is_not_asked(
    tiny: Path, template: ChatTemplate, prompts: list[list[int]], tmp_path: Path
) -> None:
    tiny_llama.build_model(tmp_path / "model", seed=3)
    log = tmp_path / "engine.log"
    with VllmGenerator(tiny, make_protocol(), load_profile("cpu"), template.stop_ids, log) as running:
        with pytest.raises(WrongWeights, match="A trained model has no"):
            running.generate(tmp_path / "model", prompts, LIMIT)
        assert not log.exists()


def a_row(prompt: int, target: int, start: int = 0) -> dict[str, list[int]]:
    ids = list(range(start, start + prompt + target))
    return {"input_ids": ids, "labels": [-100] * prompt + ids[prompt:]}


@pytest.mark.integration
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=6))
def test_the_canary_is_the_first_row_with_most_targets_cut_to_256_tokens(shapes: list[tuple[int, int]]) -> None:
    rows = [a_row(prompt, target, start=1000 * number) for number, (prompt, target) in enumerate(shapes)]
    row, start = cut_canary_row(max(rows, key=count_targets))
    number = row["input_ids"][0] // 1000
    prompt, target = shapes[number]
    most = max(target for _, target in shapes)
    assert [target for _, target in shapes].index(most) == number
    assert len(row["input_ids"]) == len(row["labels"]) <= 256
    assert row["input_ids"][start] == 1000 * number + prompt, "the first target"
    assert start == min(prompt, 128)
    assert row["labels"][start:] == row["input_ids"][start:]
    assert len(row["labels"]) - start == min(target, 128)


@pytest.mark.integration
def test_the_targets_of_a_canary_follow_each_other() -> None:
    row = {"input_ids": [1, 2, 3, 4, 5, 6], "labels": [1, -100, 3, 4, -100, 6]}
    assert cut_canary_row(row) == ({"input_ids": [1, 2, 3, 4], "labels": [1, -100, 3, 4]}, 2)
