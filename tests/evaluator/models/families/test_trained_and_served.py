"""The new families through the real trainer and the real engine, with their tiny models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from evaluator.config.profile import load_profile
from evaluator.generation import VllmGenerator
from evaluator.models.chat_template import Example
from evaluator.models.families import FAMILIES, ChatMessage, ConversationTemplate, find_tagged_spans
from evaluator.models.weight_canary import TOLERANCES, load_canary, mean_distance
from evaluator.training import DeepSpeedTrainer, TrainJob, TrainResult
from tests.support import reference_trainer as naive
from tests.support.evaluation_factories import make_protocol
from tests.support.factories import make_rows

pytestmark = pytest.mark.slow

PROTOCOL = make_protocol(sft={"epochs": 2.0})
NEW = ["qwen2", "qwen3"]


@dataclass
class Served:
    """One family: its tiny model, rows with several trained parts, and a trained model when a test asks for it."""

    model_type: str
    folder: Path

    @cached_property
    def base(self) -> Path:
        FAMILIES[self.model_type].build_tiny(self.folder / "base")
        return self.folder / "base"

    @cached_property
    def template(self) -> ConversationTemplate:
        return FAMILIES[self.model_type].load_template(self.base)

    @cached_property
    def rows(self) -> Path:
        file = self.folder / "rows.jsonl"
        examples = [self.example(number) for number in range(20)]
        rows = [{"input_ids": one.input_ids, "labels": one.labels} for one in examples]
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return file

    @cached_property
    def alone(self) -> TrainResult:
        """Trained by one rank."""
        return self.train("one", ranks=1)

    def example(self, number: int) -> Example:
        """A search in one message, or with a tool's message between two of the assistant."""
        first, *_ = make_rows(f"t{number}", 1)
        found = f"<information>{'please ' * (number % 7)}</information>"
        if number % 2:
            answer = f"<search>{first.input}</search>{found}<answer>{first.output}</answer>"
            messages = [ChatMessage("assistant", answer, find_tagged_spans(answer, "information"))]
        else:
            search, answer = (ChatMessage("assistant", text) for text in ("<search>it</search>", first.output))
            messages = [search, ChatMessage("tool", found), answer]
        return self.template.encode_messages([ChatMessage("user", first.input), *messages])

    def train(self, name: str, ranks: int, **changes: object) -> TrainResult:
        profile = load_profile("cpu").model_copy(update={"ranks": ranks, "micro_tokens": 200, **changes})
        trainer = DeepSpeedTrainer(self.base, PROTOCOL, profile, self.folder / f"{name}.log")
        try:
            return trainer.train(TrainJob(name, self.rows, self.folder / name, seed=42), lambda *_: None)()
        finally:
            trainer.close()


@pytest.fixture(scope="module", params=NEW)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield Served(request.param, tmp_path_factory.mktemp(request.param))


def assert_as_plain_loop(served: Served, trained: TrainResult) -> None:
    """Rounding aside, as tests/evaluator/training/test_trainer.py compares the tiny Llama."""
    plain, losses = naive.trained(served.base, served.rows, PROTOCOL.sft)
    base = AutoModelForCausalLM.from_pretrained(served.base, dtype="float32").state_dict()
    mine = {name: one for file in trained.job.out.glob("*.safetensors") for name, one in load_file(file).items()}
    assert mine.keys() == plain.keys(), "a tied embedding is written once"
    moved = max(float((plain[name] - base[name]).abs().max()) for name in plain)
    furthest = max(float((plain[name] - mine[name]).abs().max()) for name in plain)
    assert moved > 1e-3
    assert furthest < 0.03 * moved
    assert trained.losses == pytest.approx(losses, abs=1e-4)
    vectors = [name for name in plain if name.endswith(("bias", "q_norm.weight", "k_norm.weight"))]
    assert len(vectors) >= 4
    assert all(not torch.equal(mine[name], base[name]) for name in vectors), "biases and norms are trained, too"


def test_the_trainer_trains_what_a_plain_loop_trains(served: Served) -> None:
    assert_as_plain_loop(served, served.alone)


@pytest.mark.full
@pytest.mark.parametrize(("ranks", "stage"), [(2, 3), (3, 3), (2, 2)])
def test_several_ranks_train_what_a_plain_loop_trains(served: Served, ranks: int, stage: int) -> None:
    changes = {"gradient_checkpointing": True, "loss_chunk": 7} if ranks == 3 else {}
    trained = served.train(f"{ranks}_{stage}", ranks, zero_stage=stage, **changes)
    assert_as_plain_loop(served, trained)


def test_the_engine_answers_with_the_trained_weights_and_then_the_base_s_again(served: Served) -> None:
    """Swapped in place; ids beyond the tokenizer's, which the embedding has rows for, do no harm."""
    out, canary = served.alone.job.out, load_canary(served.alone.job.out)
    assert mean_distance(canary.logprobs, canary.base_logprobs) > 10 * TOLERANCES["float32"]
    prompts = [served.template.encode_prompt([ChatMessage("user", row.input)]) for row in make_rows("t", 3)]
    log = served.folder / "engine.log"
    with VllmGenerator(served.base, PROTOCOL, load_profile("cpu"), served.template.stop_ids, log) as generator:
        trained = generator.generate(out, prompts, 8)
        assert not generator._fresh, "swapped in place"
        for model, theirs in ((out, canary), (served.base, canary.as_base_canary())):
            assert (generator.generate(model, prompts, 8) == trained) == (model == out)
            assert generator._engines is not None
            (said,) = generator._engines.broadcast({"say": list(canary.ids)})
            assert mean_distance(theirs.logprobs, said["logprobs"][canary.start - 1 :]) < TOLERANCES["float32"] / 4
