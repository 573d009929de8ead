from __future__ import annotations

from pathlib import Path

from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.training import TrainJob, TrainResult
from tests.support.evaluation_factories import make_protocol


def test_the_trainer_makes_empty_models_and_remembers_its_jobs(tmp_path: Path) -> None:
    trainer = NullTrainer()
    jobs = [TrainJob(name, tmp_path / f"{name}.jsonl", tmp_path / name / "model", 42) for name in "ab"]
    seen: list[tuple[str, int, int]] = []
    for job in jobs:
        saving = trainer.train(job, lambda *step: seen.append(step))
        assert job.out.is_dir()
        assert saving() == TrainResult(job, steps=0, loss=0.0)
    assert trainer.jobs == jobs
    assert seen == [("a", 1, 1), ("b", 1, 1)]


def test_the_generator_says_nothing_or_what_it_is_told(tmp_path: Path) -> None:
    silent, knowing = NullGenerator(), NullGenerator(lambda model, prompt: f"{model.name}{sum(prompt)}")
    assert [completion.text for completion in silent.generate(tmp_path / "m", [[1], [2, 3]], 9)] == ["", ""]
    assert [completion.text for completion in knowing.generate(tmp_path / "m", [[1], [2, 3]], 9)] == ["m1", "m5"]
    assert knowing.models == [tmp_path / "m"]


def test_the_workbench_has_the_demo_s_tokenizer_and_a_real_store(tmp_path: Path) -> None:
    bench = null_context(tmp_path, make_protocol(), NullTrainer(), NullGenerator())
    assert bench.template.encode_text("two words")
    assert bench.store.folder == tmp_path / "stages"
    assert bench.stage_key("a") != null_context(
        tmp_path, make_protocol(sft={"seed": 1}), NullTrainer(), NullGenerator()
    ).stage_key("a")
