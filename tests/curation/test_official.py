"""What import-official makes of a sound release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.importers.dataset_research.importer import OfficialImport, import_official
from curation.importers.dataset_research.published_scores import PARTS
from curation.importers.dataset_research.release import Options
from curation.layout.benchmark_writer import BenchmarkExists, import_flat
from curation.layout.flat_reader import InvalidBenchmark
from curation.layout.hash_split import split_side
from curation.layout.verify import verify_benchmark
from evaluator.scoring.metrics import Answers
from evaluator.scoring.metrics.paper import measure_paper
from submissions.arena.benchmark import Benchmark, open_benchmark
from submissions.records.task import Row
from submissions.storage.local_repo import LocalRepo
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.flat_benchmarks import read_folder
from tests.support.official_release import (
    TYPES,
    make_entry,
    make_release_rows,
    reference,
    scored,
    with_metadata,
    write_json,
)

ALL = Options()


def imported_from(release: Path, options: Options = ALL) -> tuple[OfficialImport, Benchmark]:
    dest = release.with_name("benchmark")
    done = import_official(release, dest, options)
    assert verify_benchmark(LocalRepo(dest)) == ()
    return done, open_benchmark(str(dest))


def test_every_category_comes_in_with_its_scores(release: Path) -> None:
    done, benchmark = imported_from(release)
    assert (done.changed, done.tasks, done.rows, done.skipped, done.warnings) == (True, 6, 150, (), ())
    assert [task.id for task in benchmark.read_tasks()] == [f"lab_{kind}" for kind in TYPES]
    assert {task.category for task in benchmark.read_tasks()} == TRACKS["dataset_research"].categories.keys()
    official = benchmark.read_official_anchors()
    assert official
    found = {
        task: {name: score.value for name, score in anchor.reference.items()} for task, anchor in official.tasks.items()
    }
    assert found == {
        "lab_multiple-choice": {"accuracy": 0.25},
        "lab_text-classification": {"accuracy": 0.5},
        "lab_question-answering": {"token_f1": 0.4},
        "lab_summarization": {"rouge_l": 0.3},
        "lab_translation": {"unigram_precision": 0.8, "sacrebleu": 0.2},
        "lab_text-generation": {"unigram_precision": 0.5, "sacrebleu": 0.025},
    }
    assert official.tasks["lab_translation"].base["sacrebleu"].n == 25


@pytest.mark.parametrize("category", TRACKS["dataset_research"].categories)
def test_metrics_are_called_as_paper_calls_them(category: str) -> None:
    task = make_task("t", category)
    measured = measure_paper(Answers(task, [Row(input="q", output="an answer")], ["an answer"], ["an answer"]))
    names = [part.name for _, part in measured.parts] or [measured.name]
    assert [part.name for part in PARTS[category]] == names


def test_the_order_and_repeated_rows_are_kept(release: Path) -> None:
    _, benchmark = imported_from(release)
    given = tuple(Row(input=row["input"], output=row["output"]) for row in make_release_rows("translation"))
    assert given[0] == given[-1]
    assert benchmark.read_original_rows("lab_translation") == given
    found = benchmark.read_reference("lab_translation")
    assert {split_side("lab_translation", row.input) for row in found.test} == {"test"}


def test_a_task_is_told_in_our_words(release: Path) -> None:
    _, benchmark = imported_from(release)
    task = benchmark.read_tasks()[0]
    assert (task.title, task.kind, task.demand) == ("Multiple choice", "reasoning", "I need data for multiple-choice.")
    assert (task.language, task.subsets, task.metric) == ("und-Latn", ("full",), "accuracy")
    metadata = benchmark.read_reference(task.id).metadata
    assert (metadata.introduction, metadata.samples_count) == ("About multiple-choice.", 24)
    assert metadata.example == Row(input="What?", output="That.")
    sources = json.loads(benchmark.repo.read("sources.json"))
    assert sources["tasks"][task.id]["source"] == "lab/multiple-choice"


@pytest.mark.parametrize("form", [json.dumps, repr], ids=["JSON", "Python"])
def test_metadata_may_be_a_text(form: object, release: Path) -> None:
    entry = make_entry("translation")
    write_json(release / "test_metadata.json", [{**entry, "metadata": form(entry["metadata"])}])  # type: ignore[operator]
    _, benchmark = imported_from(release)
    assert benchmark.read_reference("lab_translation").metadata.introduction == "About translation."


def test_tasks_may_share_a_reference(release: Path) -> None:
    second = with_metadata("translation", task="text-generation") | {"task_id": "generation-on-translations"}
    write_json(release / "test_metadata.json", [make_entry("translation"), second])
    done, benchmark = imported_from(release)
    assert done.tasks == 2
    assert benchmark.read_original_rows("lab_translation") == benchmark.read_original_rows("generation-on-translations")
    assert benchmark.read_tasks()[1].title == "Generation on translations"
    official = benchmark.read_official_anchors()
    assert official
    missing = official.tasks["generation-on-translations"].base["sacrebleu"]
    assert (missing.value, missing.why) == (None, "final_baseline.json does not have the task")


UNSCORED = {
    "no result": ({"status": "No Result", "reason": "model file not found"}, "the release has no score for it"),
    "no reason": ({"status": "No Result"}, "the release has no score for it"),
    "empty": ({}, "no results"),
    "null": ({"bleu": None, "sacrebleu": {"score": 20.0}}, "bleu.precisions"),
    "not a number": ({"bleu": {"precisions": [float("nan")]}, "sacrebleu": {"score": 20.0}}, "bleu.precisions"),
    "infinite": ({"bleu": {"precisions": [float("inf")]}, "sacrebleu": {"score": 20.0}}, "bleu.precisions"),
    "a text": ({"bleu": {"precisions": ["0.5"]}, "sacrebleu": {"score": 20.0}}, "bleu.precisions"),
    "true": ({"bleu": {"precisions": [True]}, "sacrebleu": {"score": 20.0}}, "bleu.precisions"),
    "no orders": ({"bleu": {"precisions": []}, "sacrebleu": {"score": 20.0}}, "bleu.precisions"),
}


def test_the_releases_own_words_are_kept_beside_its_scores_and_not_in_them(release: Path) -> None:
    words = "see <script>, \x1b[31m, the rows of org/hidden, " + "x" * 300
    write_json(release / "final_test.json", [scored("translation", {"status": "No Result", "reason": words})])
    _, benchmark = imported_from(release)
    official = benchmark.read_official_anchors()
    assert official
    anchor = official.tasks["lab_translation"]
    assert {score.why for score in anchor.reference.values()} == {"the release has no score for it"}
    assert "org/hidden" in anchor.note
    assert len(anchor.note) < 300
    assert anchor.note.isprintable()
    assert [task for task, other in official.tasks.items() if other.note] == ["lab_translation"]


@pytest.mark.parametrize("case", UNSCORED)
def test_what_has_no_number_is_unscored_and_says_why(case: str, release: Path) -> None:
    results, why = UNSCORED[case]
    write_json(release / "final_test.json", [scored("translation", results)])
    _, benchmark = imported_from(release)
    official = benchmark.read_official_anchors()
    assert official
    found = official.tasks["lab_translation"].reference
    assert found["unigram_precision"].value is None
    assert why in str(found["unigram_precision"].why)
    assert found["sacrebleu"].value == (0.2 if "sacrebleu" in results else None)


def test_a_zero_is_a_score_and_rounding_is_forgiven(release: Path) -> None:
    results = {"bleu": {"precisions": [0]}, "sacrebleu": {"score": 100.00000000000004}}
    write_json(release / "final_test.json", {"lab_translation": scored("translation", results)})
    _, benchmark = imported_from(release)
    official = benchmark.read_official_anchors()
    assert official
    values = {name: score.value for name, score in official.tasks["lab_translation"].reference.items()}
    assert values == {"unigram_precision": 0.0, "sacrebleu": 1.0}


def test_outputs_that_are_no_text_are_left_out_and_told(release: Path) -> None:
    odd = [{"input": "a", "output": 3}, {"input": "b", "output": None}, {"input": "c"}, {"input": None, "output": "d"}]
    write_json(reference(release, "multiple-choice"), odd + make_release_rows("mc"))
    done, benchmark = imported_from(release)
    assert benchmark.read_original_rows("lab_multiple-choice")[0] == Row(input="", output="d")
    assert len(benchmark.read_original_rows("lab_multiple-choice")) == 26
    dropped, blank = done.warnings
    assert dropped.file == blank.file == "test_set_generated_1/lab_multiple-choice.json"
    assert dropped.what == "Row 1 (and 2 more) has an output that is not a text."
    assert "only white space" in blank.what


def test_missing_references_may_be_skipped_when_asked(release: Path) -> None:
    reference(release, "translation").unlink()
    done, benchmark = imported_from(release, Options(skip_missing=True))
    assert (done.tasks, done.skipped) == (5, ("lab_translation",))
    assert [problem.level for problem in done.warnings] == ["warning"]
    assert "'lab/translation'" in done.warnings[0].what
    assert "lab_translation" not in {task.id for task in benchmark.read_tasks()}


def test_a_registry_says_which_file_and_which_columns(release: Path) -> None:
    moved = release / "test_set_generated_2" / "mt.json"
    write_json(moved, [{"question": row["input"], "answer": row["output"]} for row in make_release_rows("mt")])
    reference(release, "translation").unlink()
    registry = {
        "lab_translation": {
            "file_name": "test_dataset/test_set_generated_2/mt.json",
            "columns": {"prompt": "question", "response": "answer"},
        },
        "other": {"file_name": "elsewhere.json"},
    }
    write_json(release.with_name("data") / "dataset_info.json", registry)
    _, benchmark = imported_from(release, Options(registry=release.with_name("data") / "dataset_info.json"))
    assert benchmark.read_original_rows("lab_translation")[0] == Row(input="mt 0?", output="Answer 0")


def test_a_registry_opens_nothing_outside_the_release(release: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "secret.json", make_release_rows("secret"))
    import_official(release, tmp_path / "whole")
    for name in ("../secret.json", str(tmp_path / "secret.json"), "test_set_generated_1/../../secret.json"):
        write_json(release / "dataset_info.json", {"lab_translation": {"file_name": name}})
        import_official(release, tmp_path / "told")
    assert read_folder(tmp_path / "told") == read_folder(tmp_path / "whole")
    reference(release, "translation").unlink()
    with pytest.raises(InvalidBenchmark, match="no file below"):
        import_official(release, tmp_path / "none")


def test_a_reference_may_be_named_after_the_task(release: Path) -> None:
    write_json(release / "test_metadata.json", [make_entry("translation", dataset_id="somebody/else")])
    _, benchmark = imported_from(release)
    assert len(benchmark.read_original_rows("lab_translation")) == 25


def test_the_language_is_that_of_the_outputs_unless_they_are_chosen(release: Path) -> None:
    rows = [{"input": f"Wort {number}", "output": "слово"} for number in range(20)]
    for kind in ("translation", "text-classification"):
        write_json(reference(release, kind, 1 if kind == "translation" else 2), rows)
    _, benchmark = imported_from(release)
    languages = {task.category: task.language for task in benchmark.read_tasks()}
    assert languages["language_translation"] == "und-Cyrl"
    assert languages["text_classification"] == "und-Latn"


def test_domains_may_come_from_another_file(release: Path) -> None:
    entry = with_metadata("translation", domain="parliament")
    write_json(release / "test_metadata.json", [entry])
    write_json(
        release.with_name("agent.json"),
        [{"task_id": "lab_translation", "original_metadata": {"domain": "Knowledge"}}, {"task_id": 3}],
    )
    _, benchmark = imported_from(release, Options(domains=release.with_name("agent.json")))
    assert benchmark.read_tasks()[0].kind == "knowledge"


def test_odd_metadata_is_kept_as_text(release: Path) -> None:
    entry = with_metadata("translation", example="Input: x", question=None, source=["web", 1], samples_count="1,024")
    write_json(release / "test_metadata.json", [entry, with_metadata("summarization", samples_count="many")])
    done, benchmark = imported_from(release)
    metadata = benchmark.read_reference("lab_translation").metadata
    assert metadata.example == Row(input="Input: x", output="")
    assert (metadata.question, metadata.source, metadata.samples_count) == ("", '["web", 1]', 1024)
    assert benchmark.read_reference("lab_summarization").metadata.samples_count == 25
    told = [problem.what for problem in done.warnings]
    assert any("no question" in what for what in told)
    assert any("samples_count" in what for what in told)


def test_a_task_id_may_be_left_to_the_dataset(release: Path) -> None:
    entry = make_entry("translation")
    del entry["task_id"]
    write_json(release / "test_metadata.json", [entry])
    _, benchmark = imported_from(release)
    assert [task.id for task in benchmark.read_tasks()] == ["lab_translation"]


def test_scores_of_another_type_or_of_no_task_are_told(release: Path) -> None:
    strange = [scored("translation", task_id=f"gone-{number}") for number in range(7)]
    write_json(release / "final_test.json", [scored("translation", task_type="text-generation"), *strange])
    done, _ = imported_from(release)
    told = [problem.what for problem in done.warnings if problem.file == "final_test.json"]
    assert any("'text-generation' is not the task's language_translation" in what for what in told)
    assert any(what.startswith("7 task(s) are not in") and what.endswith(", ….") for what in told)


def test_importing_twice_changes_nothing(release: Path) -> None:
    _, benchmark = imported_from(release)
    (release.with_name("benchmark") / "anchors" / "paper@1.json").write_text("{}")
    before = read_folder(release.with_name("benchmark"))
    again, _ = imported_from(release)
    assert not again.changed
    assert read_folder(release.with_name("benchmark")) == before
    assert benchmark.read_official_anchors()


def test_other_scores_are_another_benchmark(release: Path) -> None:
    imported_from(release)
    before = read_folder(release.with_name("benchmark"))
    write_json(release / "final_test.json", [scored("translation")])
    with pytest.raises(BenchmarkExists, match="another benchmark"):
        import_official(release, release.with_name("benchmark"))
    assert read_folder(release.with_name("benchmark")) == before


def test_verify_guards_the_published_scores(release: Path, flat: Path) -> None:
    imported_from(release)
    dest = release.with_name("benchmark")
    scores = dest / "anchors" / "official.json"
    stolen = scores.read_text()
    scores.write_text(stolen.replace('"lab_translation"', '"lab_speech"', 1))
    told = {(problem.file, problem.what) for problem in verify_benchmark(LocalRepo(dest))}
    assert ("anchors/official.json", "The file was changed after the import.") in told
    assert any("lab_speech" in what for _, what in told)
    other = dest.with_name("other")
    import_flat(flat, other)
    (other / "anchors").mkdir()
    (other / "anchors" / "official.json").write_text(stolen)
    assert any("did not write this file" in problem.what for problem in verify_benchmark(LocalRepo(other)))


def test_progress_is_told_of_every_task(release: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    import_official(release, release.with_name("dest"), Options(), lambda *step: heard.append(step))
    assert [(done, of) for _, done, of in heard] == [(number, 6) for number in range(6)]
