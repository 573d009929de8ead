from __future__ import annotations

import pytest

from evaluator.screen import same_dataset, tasks_from_reference

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
        "https://example.org/datasets/quiz.set/viewer",
        "quiz.set",
    ],
)
def test_the_reference_is_recognised_by_its_id(given: str) -> None:
    assert same_dataset(given, SOURCE)


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
    ],
)
def test_others_are_not(given: str) -> None:
    assert not same_dataset(given, SOURCE)


def test_the_tasks_that_it_is_the_reference_of_are_named() -> None:
    sources = {"b": SOURCE, "a": "https://example.org/datasets/some-lab/quiz.set", "c": "some-lab/other"}
    assert tasks_from_reference("some-lab/quiz.set", sources) == ("a", "b")
    assert tasks_from_reference("", sources) == ()
