from __future__ import annotations

import pytest

from evaluator.stages.screen import is_same_dataset, tasks_from_reference

SOURCE = "Some-Lab/Quiz.Set data/test.jsonl"


@pytest.mark.parametrize(
    "given",
    [
        "some-lab/quiz.set",
        "https://example.org/datasets/some-lab/quiz.set",
        "https://example.org/datasets/Some-Lab/Quiz.Set/tree/main/data",
        "https://example.org/Some-Lab/Quiz.Set.git",
        "git@example.org:some-lab/quiz.set.git",
        "https://example.org/api/datasets/some-lab/quiz.set?full=true#readme",
        "https://example.org/some-lab%2Fquiz.set/",
        "quiz.set",
        "datasets/quiz.set",
        "https://huggingface.co/datasets/quiz.set",
        "https://huggingface.co/datasets/quiz.set/viewer",
        "https://www.huggingface.co/api/datasets/Quiz.Set/",
        "http://hf.co/datasets/quiz.set",
        "hf.co/datasets/some-lab/quiz.set",
    ],
)
def test_the_reference_is_recognised_by_its_id(given: str) -> None:
    assert is_same_dataset(given, SOURCE)


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "https://example.org",
        "https://example.org/datasets",
        "other-lab/quiz.set",
        "some-lab/quiz",
        "https://example.org/some-lab",
        "https://example.org/datasets/some-lab/quiz.set-2",
        "https://example.org/quiz.set",
        "https://example.org/datasets/quiz.set/viewer",
        "https://example.org/api/quiz.set.git",
        "git@example.org:quiz.set.git",
        "https://huggingface.co/quiz.set",
        "https://huggingface.co.example.org/datasets/quiz.set",
        "https:///quiz.set",
        "http://[quiz.set",
    ],
)
def test_others_are_not(given: str) -> None:
    assert not is_same_dataset(given, SOURCE)


@pytest.mark.parametrize("source", ["medqa", "https://hf.co/datasets/medqa some/file.jsonl"])
def test_a_source_without_an_owner_is_found_under_any_owner_and_at_no_other_page(source: str) -> None:
    assert is_same_dataset("bigbio/medqa", source)
    assert is_same_dataset("https://huggingface.co/datasets/bigbio/medqa", source)
    assert not is_same_dataset("https://mylab.edu/medqa", source)


def test_a_page_equals_itself_on_its_own_host_alone() -> None:
    assert is_same_dataset("http://mylab.edu/medqa/", "https://MyLab.edu/MedQA test.jsonl")
    assert not is_same_dataset("https://mylab.edu/medqa", "https://yourlab.edu/medqa")
    assert not is_same_dataset("https://mylab.edu/medqa", "bigbio/medqa")


def test_the_tasks_that_it_is_the_reference_of_are_named() -> None:
    sources = {"b": SOURCE, "a": "https://example.org/datasets/some-lab/quiz.set", "c": "some-lab/other"}
    assert tasks_from_reference("some-lab/quiz.set", sources) == ("a", "b")
    assert tasks_from_reference("", sources) == ()
