from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from evaluator.config.profile import load_profile
from evaluator.errors import ChildFailed, Hung, OutOfMemory
from evaluator.generation import Completion, VllmGenerator
from evaluator.generation import engine_pool as engines
from evaluator.models import tiny_llama
from evaluator.models.chat_template import ChatTemplate
from evaluator.search_agent import ModelSteps, SearchAgent, SearchAgentSettings
from tests.support.canary_rows import leave_canary
from tests.support.evaluation_factories import make_protocol
from tests.support.factories import make_rows
from tests.support.processes import all_end, is_alive
from tests.support.search_agents import ScriptedRetriever, make_questions

pytestmark = pytest.mark.slow

LIMIT = 12


@pytest.fixture(scope="module")
def other(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other weights of the base model's shape, in a folder without a tokenizer as the trainer leaves it."""
    folder = tmp_path_factory.mktemp("models") / "other"
    tiny_llama.build_model(folder, seed=7)
    for file in folder.glob("tokenizer*"):
        file.unlink()
    leave_canary(folder, tiny, range(20, 60), 20)
    return folder


def engine(base: Path, template: ChatTemplate, folder: Path, **profile: object) -> VllmGenerator:
    machine = load_profile("cpu").model_copy(update=profile)
    return VllmGenerator(base, make_protocol(), machine, template.stop_ids, folder / "engine.log")


@pytest.fixture(scope="module")
def generator(tiny: Path, template: ChatTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmGenerator]:
    with engine(tiny, template, tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture(scope="module")
def pair(tiny: Path, template: ChatTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmGenerator]:
    """Two engines."""
    with engine(tiny, template, tmp_path_factory.mktemp("pair"), engines=2) as running:
        yield running


def processes(generator: VllmGenerator) -> list[psutil.Process]:
    """Of the engines, in their order."""
    logs = [str(generator._log), str(generator._log.with_name("engine-2.log"))]
    family = [child for child in psutil.Process().children() if is_alive(child.pid)]
    return [child for log in logs for child in family if _log_of(child) == log]


def _log_of(process: psutil.Process) -> str:
    return str(Path(f"/proc/{process.pid}/fd/1").readlink())


@pytest.fixture(scope="module")
def prompts(template: ChatTemplate) -> list[list[int]]:
    """Questions of different lengths, some with a common beginning, in no order."""
    rows = make_rows("t", 6)
    shots = [(rows[0].input, rows[0].output)]
    long = [template.build_prompt("what? " * number + row.input, shots) for number, row in enumerate(rows[1:])]
    return [*long, *(template.build_prompt(row.input) for row in reversed(rows))]


def without_torn_end(completions: list[Completion]) -> list[Completion]:
    """Completions without a last token whose bytes are no character yet: the engine waits for the rest of it."""
    return [one.model_copy(update={"text": one.text.rstrip("\ufffd ")}) for one in completions]


def oracle(model: Path, prompts: list[list[int]], stop_ids: list[int]) -> list[Completion]:
    """Greedy answers of transformers, one prompt at a time."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(tiny_llama.TOKENIZER))
    llama = AutoModelForCausalLM.from_pretrained(model, dtype="float32")
    found = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        with torch.no_grad():
            whole = llama.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=LIMIT,
                do_sample=False,
                eos_token_id=stop_ids,
                pad_token_id=stop_ids[0],
            )
        new = whole[0, len(prompt) :].tolist()
        text = tokenizer.decode(new, skip_special_tokens=True)
        found.append(Completion(text=text, tokens=len(new), finished=new[-1] in stop_ids))
    return found


def test_greedy_answers_are_those_of_transformers_in_the_prompts_order(
    generator: VllmGenerator, tiny: Path, template: ChatTemplate, prompts: list[list[int]]
) -> None:
    expected = oracle(tiny, prompts, template.stop_ids)
    answers = generator.generate(tiny, prompts, LIMIT)
    assert without_torn_end(answers) == without_torn_end(expected)
    assert len({completion.text for completion in expected}) > 3
    assert generator.generate(tiny, prompts[::-1], LIMIT) == answers[::-1]


def test_swapped_weights_answer_as_a_fresh_engine_and_back_again(
    generator: VllmGenerator, tiny: Path, other: Path, template: ChatTemplate, prompts: list[list[int]], tmp_path: Path
) -> None:
    before = generator.generate(tiny, prompts, LIMIT)
    swapped = generator.generate(other, prompts, LIMIT)
    after = generator.generate(tiny, prompts, LIMIT)
    whole = tmp_path / "whole"
    tiny_llama.build_model(whole, seed=7)
    with engine(whole, template, tmp_path) as fresh:
        assert swapped == fresh.generate(whole, prompts, LIMIT)
    assert without_torn_end(swapped) == without_torn_end(oracle(other, prompts, template.stop_ids))
    assert swapped != before
    assert after == before


def test_an_answer_ends_at_a_stop_token_which_is_not_in_its_text(
    generator: VllmGenerator, tiny: Path, prompts: list[list[int]], tmp_path: Path
) -> None:
    first = generator.generate(tiny, prompts[:1], 1)[0]
    assert (first.tokens, first.finished) == (1, False)
    ids = torch.tensor([prompts[0]])
    with torch.no_grad():
        said = int(AutoModelForCausalLM.from_pretrained(tiny, dtype="float32")(ids).logits[0, -1].argmax())
    stopping = VllmGenerator(tiny, make_protocol(), load_profile("cpu"), [said], tmp_path / "engine.log")
    with stopping:
        (stopped,) = stopping.generate(tiny, prompts[:1], LIMIT)
    assert (stopped.text, stopped.tokens, stopped.finished) == ("", 1, True)


def test_steps_end_at_a_stop_string_and_go_on_from_their_ids(
    generator: VllmGenerator, tiny: Path, template: ChatTemplate, prompts: list[list[int]]
) -> None:
    whole = generator.generate_steps(tiny, prompts, [LIMIT] * len(prompts), ["no such text"])
    assert {step.end for step in whole} <= {"length", "end_of_turn"}
    assert [step.text for step in whole] == [one.text for one in generator.generate(tiny, prompts, LIMIT)]
    clean = [step.text.partition("\ufffd")[0] for step in whole]  # random weights also write parts of characters
    index = max(range(len(clean)), key=lambda number: len(clean[number]))
    middle, half = whole[index], len(clean[index]) // 2
    stop = clean[index][half : half + 3]
    assert len(stop) == 3
    limits = [number + 1 for number in range(len(prompts))]
    limits[index] = LIMIT
    first = generator.generate_steps(tiny, prompts, limits, [stop])
    assert all(len(step.ids) <= limit for step, limit in zip(first, limits, strict=True))
    step = first[index]
    assert step.end == "stop_string"
    assert step.text == middle.text[: middle.text.index(stop) + len(stop)]
    assert step.ids == middle.ids[: len(step.ids)]
    assert template.decode(step.ids) == step.text + step.surplus
    assert generator.last_usage.tokens_generated == sum(len(step.ids) for step in first)
    longer = [[*prompts[index], *step.ids]]
    (rest,) = generator.generate_steps(tiny, longer, [LIMIT - len(step.ids)], ["no such text"], follows_last=True)
    assert step.ids + rest.ids == middle.ids
    assert generator.generate_steps(tiny, [], [], [stop]) == []


def test_a_search_agent_runs_on_the_engine(generator: VllmGenerator, tiny: Path, template: ChatTemplate) -> None:
    """Random weights write no tag, so every question is full; its ids are the engine's own all the same."""
    steps = ModelSteps(generator, tiny)
    settings = SearchAgentSettings(prompt="search-r1@1", max_step_tokens=8, max_tokens=500)
    record = SearchAgent(settings, steps, ScriptedRetriever(), template).answer_questions(make_questions(["a?", "b?"]))
    assert [(one.end, one.tokens_generated, one.searches) for one in record.trajectories] == [("token_limit", 8, 0)] * 2
    assert steps.usage.tokens_generated == 16
    assert steps.usage.seconds > 0


def test_no_prompts_boot_no_engine(tiny: Path, template: ChatTemplate, tmp_path: Path) -> None:
    with engine(tiny, template, tmp_path) as idle:
        assert idle.generate(tiny, [], LIMIT) == []
    assert not (tmp_path / "engine.log").exists()


def test_a_model_in_several_files_is_read_whole_and_leaves_nothing_behind(
    generator: VllmGenerator, tiny: Path, other: Path, prompts: list[list[int]], tmp_path: Path
) -> None:
    expected = [generator.generate(model, prompts, LIMIT) for model in (tiny, other)]
    cut = []
    for model in (tiny, other):
        cut.append(tmp_path / model.name)
        AutoModelForCausalLM.from_pretrained(model, dtype="float32").save_pretrained(cut[-1], max_shard_size="2MB")
        leave_canary(cut[-1], tiny, range(20, 60), 20)
        assert len(list(cut[-1].glob("model-*-of-*.safetensors"))) > 1
    assert [generator.generate(model, prompts, LIMIT) for model in (cut[1], cut[0])] == expected[::-1]
    assert [generator.generate(model, prompts, LIMIT) for model in (other, cut[0], tiny)] == [
        expected[1],
        expected[0],
        expected[0],
    ]


def test_another_model_in_the_same_folder_is_loaded(
    generator: VllmGenerator, tiny: Path, other: Path, prompts: list[list[int]], tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(other, model)
    first = generator.generate(model, prompts, LIMIT)
    shutil.rmtree(model)
    tiny_llama.build_model(model, seed=8)
    leave_canary(model, tiny, range(20, 60), 20)
    second = generator.generate(model, prompts, LIMIT)
    assert first == generator.generate(other, prompts, LIMIT)
    assert second != first


def test_answers_repeat_whatever_was_asked_before_and_by_however_many_engines(
    generator: VllmGenerator, pair: VllmGenerator, tiny: Path, other: Path, prompts: list[list[int]]
) -> None:
    calls = [(tiny, prompts), (other, prompts[::-1]), (tiny, prompts[2:5]), (other, prompts[:1])]
    expected = [generator.generate(model, asked, LIMIT) for model, asked in calls]
    assert [generator.generate(model, asked, LIMIT) for model, asked in calls] == expected
    assert [generator.generate(model, asked, LIMIT) for model, asked in reversed(calls)] == expected[::-1]
    alone = generator.last_usage
    assert [pair.generate(model, asked, LIMIT) for model, asked in calls] == expected
    assert [pair.generate(model, asked, LIMIT) for model, asked in reversed(calls)] == expected[::-1]
    assert pair.last_usage.tokens_generated == sum(one.tokens for one in expected[0])
    assert alone.peak_bytes is not None
    assert pair.last_usage.peak_bytes is not None
    assert pair.last_usage.peak_bytes > 1.5 * alone.peak_bytes


def test_at_rest_an_engine_on_a_cpu_keeps_its_model(pair: VllmGenerator, other: Path, prompts: list[list[int]]) -> None:
    before = pair.generate(other, prompts, LIMIT)
    running = processes(pair)
    pair.release_devices()
    pair.release_devices()
    assert pair.generate(other, prompts, LIMIT) == before
    assert processes(pair) == running
    assert len(running) == 2


def test_a_killed_engine_is_named_with_its_log_and_ends_the_others_and_the_next_call_boots_all_anew(
    pair: VllmGenerator, tiny: Path, other: Path, prompts: list[list[int]]
) -> None:
    expected = pair.generate(tiny, prompts[:2], LIMIT)
    pair.generate(other, prompts[:2], LIMIT)
    first, second = processes(pair)
    second.send_signal(signal.SIGKILL)
    with pytest.raises(ChildFailed, match="The engine 2 went away") as failed:
        pair.generate(other, prompts, LIMIT)
    assert "engine-2.log" in str(failed.value)
    all_end([first.pid, second.pid])
    assert pair.generate(tiny, prompts[:2], LIMIT) == expected
    again = processes(pair)
    assert len(again) == 2
    pair.close()
    all_end([process.pid for process in again])


@pytest.mark.full  # a trainer that is silent is in every run: test_trainer.py
def test_an_engine_that_is_silent_is_hung_while_the_other_works_on(
    tiny: Path, template: ChatTemplate, prompts: list[list[int]], tmp_path: Path
) -> None:
    with engine(tiny, template, tmp_path, engines=2, silent_seconds=12.0) as running:
        running.generate(tiny, prompts, LIMIT)
        first, second = processes(running)
        first.send_signal(signal.SIGSTOP)
        with pytest.raises(Hung, match="The engine was silent for 12 s"):
            running.generate(tiny, prompts, LIMIT)
        all_end([first.pid, second.pid])


@pytest.mark.full  # a rank without memory is in every run: test_trainer.py
def test_an_engine_without_memory_says_so(
    tiny: Path, template: ChatTemplate, prompts: list[list[int]], tmp_path: Path
) -> None:
    with engine(tiny, template, tmp_path) as running:
        running.generate(tiny, prompts[:1], 1)
        (process,) = processes(running)
        process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms, process.memory_info().vms))
        with pytest.raises(OutOfMemory, match="The engine failed"):
            running.generate(tiny, [list(range(500))] * 20_000, LIMIT)  # more than any hole in what it holds already
        all_end([process.pid])


@pytest.mark.full  # boots five engines
def test_where_weights_cannot_be_swapped_each_model_has_processes_of_its_own(
    generator: VllmGenerator,
    tiny: Path,
    other: Path,
    template: ChatTemplate,
    prompts: list[list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A vLLM whose loader does not read weights again, as some of its loaders do not, so that it refuses to reload."""
    expected = [generator.generate(model, prompts, LIMIT) for model in (tiny, other)]
    code = (
        "from evaluator.generation import engine_process\n"
        "from vllm.model_executor.model_loader.default_loader import DefaultModelLoader as Loader\n"
        "once = Loader.get_all_weights\n"
        "Loader.load_weights.__globals__['DefaultModelLoader'] = Loader\n"
        "original = engine_process.load_engine\n"
        "def boot(start):\n"
        "    running = original(start)\n"
        "    del Loader.get_all_weights\n"
        "    return running\n"
        "engine_process.load_engine = boot\n"
        "engine_process.main()\n"
    )
    monkeypatch.setattr(engines, "COMMAND", (sys.executable, "-c", code))
    with engine(tiny, template, tmp_path) as running:
        assert running.generate(other, prompts, LIMIT) == expected[1]
        log = running._log.read_text()
        assert "cannot swap weights in place: NotImplementedError" in log
        (first,) = processes(running)
        assert running.generate(other, prompts, LIMIT) == expected[1]
        assert processes(running) == [first]
        assert running.generate(tiny, prompts, LIMIT) == expected[0]
        assert processes(running) != [first]
    all_end([first.pid])


@pytest.mark.full  # only paper@1 samples
def test_sampled_answers_come_again_by_their_seed_and_not_by_the_others_beside_them(
    tiny: Path, template: ChatTemplate, prompts: list[list[int]], tmp_path: Path
) -> None:
    """paper@1 samples; at a temperature of 1 an untrained model says something else each time, but for the seed."""

    def sampled(seed: int) -> VllmGenerator:
        rules = make_protocol(decoding={"temperature": 1.0, "top_p": 0.9, "top_k": 50, "seed": seed})
        return VllmGenerator(tiny, rules, load_profile("cpu"), template.stop_ids, tmp_path / f"{seed}.log")

    with sampled(42) as running:
        first = running.generate(tiny, prompts, LIMIT)
        assert running.generate(tiny, prompts, LIMIT) == first
        assert running.generate(tiny, prompts[3:4], LIMIT) == first[3:4]
    with sampled(43) as running:
        assert running.generate(tiny, prompts, LIMIT) != first
