from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import stdev

import pytest

from evaluator.errors import AnchorsMissing
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.anchors import (
    check_anchor_matches,
    import_anchors,
    load_anchor_answers,
    load_checked_anchors,
    measure_anchors,
    unadmitted_tasks,
)
from evaluator.stages.context import EvaluationContext
from evaluator.stages.records import compute_anchor
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.protocols import load_protocol
from submissions.arena.benchmark import Benchmark, OfficialAnchor, OfficialAnchors
from submissions.errors import NotFound
from submissions.records.anchors import Anchors, Setup
from submissions.records.base import Score
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.evaluation_factories import make_anchors, make_protocol
from tests.support.factories import make_benchmark, make_reference, make_task

TASKS = [make_task("a", "text_classification"), make_task("b", "text_classification"), make_task("c")]
DEMO = make_protocol()


class Knowing(NullGenerator):
    """A base model that knows nothing, and fine-tuned ones that know all but the first row of each task."""

    def __init__(self) -> None:
        super().__init__(self.says)
        self.golden: dict[tuple[int, ...], str] = {}

    def says(self, model: Path, prompt: Sequence[int]) -> str:
        return self.golden.get(tuple(prompt), "") if model.name == "model" else ""

    def learn(self, bench: EvaluationContext) -> None:
        for task in TASKS:
            for row in make_reference(task.id).test[1:]:
                self.golden[tuple(bench.template.build_prompt(row.input))] = row.output


def tools(folder: Path, protocol: AnchoredProtocol = DEMO) -> tuple[EvaluationContext, NullTrainer, Knowing]:
    trainer, generator = NullTrainer(), Knowing()
    bench = null_context(folder, protocol, trainer, generator)
    generator.learn(bench)
    return bench, trainer, generator


@pytest.fixture
def benchmark(tmp_path: Path) -> Benchmark:
    return make_benchmark(tmp_path / "benchmark", TASKS)


def store(benchmark: Benchmark, anchors: Anchors) -> None:
    path = f"anchors/{anchors.protocol}.json"
    benchmark.repo.commit([Change(path, to_json(anchors))], benchmark.repo.head())


def test_both_ends_of_every_scale_are_measured_and_stored(benchmark: Benchmark, tmp_path: Path) -> None:
    bench, trainer, generator = tools(tmp_path / "work")
    found = measure_anchors(benchmark, bench, TASKS)
    assert [(task, one.base.value, one.reference.value) for task, one in found.tasks.items()] == [
        (task.id, 0.0, 0.75) for task in TASKS
    ]
    assert found.tasks["a"].noise == pytest.approx(stdev([0, 1, 1, 1]) / 2)
    assert benchmark.read_anchors("demo@1") == found == load_checked_anchors(benchmark, bench, TASKS)
    assert [job.name for job in trainer.jobs] == ["a", "b", "c"]
    assert generator.models[:3] == [bench.model] * 3


def test_each_seed_trains_the_reference_once_and_the_anchor_is_their_mean(benchmark: Benchmark, tmp_path: Path) -> None:
    bench, trainer, generator = tools(tmp_path / "work", make_protocol(anchors={"seeds": (42, 43, 44)}))

    def says(model: Path, prompt: Sequence[int]) -> str:
        """The model of the last seed knows nothing."""
        by_seed = {job.out: job.seed for job in trainer.jobs}
        return "" if by_seed.get(model) == 44 else generator.says(model, prompt)

    generator._answer = says
    anchor = measure_anchors(benchmark, bench, TASKS[:1]).tasks["a"]
    assert [(job.name, job.seed) for job in trainer.jobs] == [("a", 42), ("a", 43), ("a", 44)]
    assert anchor.seeds == (0.75, 0.75, 0.0)
    assert anchor.reference.value == pytest.approx(0.5)
    assert anchor.seed_sd == pytest.approx(stdev(anchor.seeds))
    assert anchor.noise > anchor.seed_sd / 3**0.5, "the error holds the seeds' and the items'"


def test_the_answers_behind_the_anchors_are_kept_beside_them(benchmark: Benchmark, tmp_path: Path) -> None:
    bench = tools(tmp_path / "work")[0]
    anchors = measure_anchors(benchmark, bench, TASKS)
    answers = load_anchor_answers(benchmark, anchors, "a")
    assert answers is not None
    exam = bench.build_eval_set(TASKS[0], benchmark.read_reference("a"))
    assert compute_anchor(exam, answers, anchors.tasks["a"].train_sha256) == anchors.tasks["a"]
    (benchmark.repo.folder / "anchors/demo@1/a.json").unlink()
    with pytest.raises(AnchorsMissing, match="The stored answers of the anchors of a are missing"):
        load_anchor_answers(benchmark, anchors, "a")


def test_measured_again_nothing_is_done_or_committed_again(benchmark: Benchmark, tmp_path: Path) -> None:
    first = measure_anchors(benchmark, tools(tmp_path / "work")[0], TASKS)
    head = benchmark.repo.head()
    bench, trainer, generator = tools(tmp_path / "work")
    assert measure_anchors(benchmark, bench, TASKS) == first
    assert (trainer.jobs, generator.models, benchmark.repo.head()) == ([], [], head)


def test_tasks_measured_one_by_one_join_those_that_still_hold(benchmark: Benchmark, tmp_path: Path) -> None:
    for task in TASKS:
        measure_anchors(benchmark, tools(tmp_path / "work")[0], [task])
    together = make_benchmark(tmp_path / "other", TASKS)
    assert benchmark.read_anchors("demo@1") == measure_anchors(together, tools(tmp_path / "work2")[0], TASKS)


def test_anchors_of_another_setup_do_not_stay_beside_new_ones(benchmark: Benchmark, tmp_path: Path) -> None:
    bench = tools(tmp_path / "work")[0]
    old = bench.setup.model_copy(update={"packages": {"torch": "1"}})
    store(benchmark, make_anchors(bench, benchmark, TASKS, old))
    measure_anchors(benchmark, bench, TASKS[:1])
    assert benchmark.read_anchors("demo@1").tasks.keys() == {"a"}
    with pytest.raises(AnchorsMissing, match="No anchors for b, c"):
        load_checked_anchors(benchmark, bench, TASKS)


@pytest.mark.parametrize(
    ("protocol", "setup", "said"),
    [
        (make_protocol(sft={"epochs": 1.0}), {}, "under an earlier version of demo@1"),
        (DEMO, {"model_sha256": "f" * 64}, "other weights of null"),
        (DEMO, {"pipeline": 0}, "another version of the evaluator"),
    ],
)
def test_anchors_by_other_rules_or_weights_do_not_fit(
    benchmark: Benchmark, tmp_path: Path, protocol: AnchoredProtocol, setup: dict[str, object], said: str
) -> None:
    bench = tools(tmp_path / "work")[0]
    theirs = tools(tmp_path / "theirs", protocol)[0]
    store(benchmark, make_anchors(theirs, benchmark, TASKS, Setup.model_validate(bench.setup.model_dump() | setup)))
    with pytest.raises(AnchorsMissing, match=said) as failed:
        load_checked_anchors(benchmark, bench, TASKS)
    assert "python -m evaluator anchors" in str(failed.value)


def test_anchors_of_other_rows_do_not_hold(benchmark: Benchmark, tmp_path: Path) -> None:
    bench = tools(tmp_path / "work")[0]
    anchors = measure_anchors(benchmark, bench, TASKS)
    reference = benchmark.read_reference("a")
    check_anchor_matches(anchors, bench.build_eval_set(TASKS[0], reference), reference)
    for part in ("train", "test"):
        changed = reference.model_copy(update={part: getattr(reference, part)[1:]})
        with pytest.raises(AnchorsMissing, match="The rows of a have changed"):
            check_anchor_matches(anchors, bench.build_eval_set(TASKS[0], changed), changed)


def test_no_anchors_are_named_with_the_command_that_measures_them(benchmark: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(AnchorsMissing, match=r"python -m evaluator anchors .*--protocol demo@1"):
        load_checked_anchors(benchmark, tools(tmp_path / "work")[0], TASKS)


def test_tasks_that_the_reference_does_not_help_are_refused(benchmark: Benchmark, tmp_path: Path) -> None:
    bench = null_context(tmp_path / "work", DEMO, NullTrainer(), NullGenerator())
    assert unadmitted_tasks(measure_anchors(benchmark, bench, TASKS), DEMO) == ["a", "b", "c"]
    helped = measure_anchors(make_benchmark(tmp_path / "other", TASKS), tools(tmp_path / "work2")[0], TASKS)
    assert unadmitted_tasks(helped, DEMO) == ["c"], "answering `the number 1` to all scores 2/3 there"
    assert unadmitted_tasks(helped, make_protocol(scale={"floors": None})) == []


def published(**metrics: float | None) -> dict[str, Score]:
    """Scores of a release by metric; None is one that it lacks."""
    return {
        name: Score(name=name, n=8, why="No Result") if value is None else Score(name=name, value=value, n=8)
        for name, value in metrics.items()
    }


def test_the_official_scores_become_the_anchors_of_paper_1(tmp_path: Path) -> None:
    tasks = [make_task("a"), make_task("m", "language_translation"), make_task("n", "text_generation")]
    benchmark = make_benchmark(tmp_path / "benchmark", tasks)
    blend = ("unigram_precision", "sacrebleu")
    official = OfficialAnchors(
        release_sha256="0" * 64,
        tasks={
            "a": OfficialAnchor(official_id="a", base=published(token_f1=0.1), reference=published(token_f1=0.5)),
            "m": OfficialAnchor(
                official_id="m",
                base=published(**dict.fromkeys(blend, 0.1)),
                reference=published(unigram_precision=0.6, sacrebleu=0.2),
            ),
            "n": OfficialAnchor(
                official_id="n",
                base=published(**dict.fromkeys(blend, 0.1)),
                reference=published(unigram_precision=0.6, sacrebleu=None),
            ),
        },
    )
    benchmark.repo.commit([Change("anchors/official.json", to_json(official))], benchmark.repo.head())
    paper = load_protocol("paper@1")
    bench = null_context(tmp_path / "work", paper, NullTrainer(), NullGenerator())
    found = import_anchors(benchmark, bench, tasks)
    assert found == benchmark.read_anchors("paper@1") == load_checked_anchors(benchmark, bench, tasks)
    ends = {task: (one.base.value, one.reference.value, one.origin) for task, one in found.tasks.items()}
    assert ends == {
        "a": (0.1, 0.5, "official"),
        "m": (pytest.approx(0.1), pytest.approx(0.5 * 0.6 + 0.5 * 0.2), "official"),
        "n": (pytest.approx(0.1), None, "official"),
    }
    assert found.tasks["n"].reference.why == "No Result"
    assert [part.value for part in found.tasks["m"].reference_parts] == [0.6, 0.2]
    assert load_anchor_answers(benchmark, found, "a") is None
    assert unadmitted_tasks(found, paper) == []


def test_official_scores_are_for_paper_1_alone_and_must_be_there(benchmark: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no official scores under demo@1"):
        import_anchors(benchmark, tools(tmp_path / "work")[0], TASKS)
    bench = null_context(tmp_path / "paper", load_protocol("paper@1"), NullTrainer(), NullGenerator())
    with pytest.raises(NotFound, match="import-official"):
        import_anchors(benchmark, bench, TASKS)
