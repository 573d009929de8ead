from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.runtime.stage_cache import StageStore, key_of
from evaluator.scoring.eval_set import Answered
from submissions.records.models import Row
from tests.evaluator.worlds import SETUP

DONE = Answered(task="t", texts=("one", "zwei\n", "三"), tokens=3)


def test_what_was_kept_is_found_by_whoever_comes_later(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    assert store.find("fine_tune", "k", Answered) is None
    assert store.keep("fine_tune", "k", DONE) == DONE
    assert StageStore(tmp_path).find("fine_tune", "k", Answered) == DONE


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    store.keep("base", "k", DONE)
    assert [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.*")] == ["base/k.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"\xff\xfe",
        b'{"task": "t"}',
        b'{"task": "t", "texts": [], "tokens": "many"}',
        b'{"task": "t", "texts": [], "tokens": 1, "more": 2}',
        DONE.model_dump_json().encode()[:-1],
    ],
)
def test_a_file_that_cannot_be_read_is_unfinished_work(tmp_path: Path, content: bytes) -> None:
    store = StageStore(tmp_path)
    store.keep("base", "k", DONE)
    store.path("base", "k").write_bytes(content)
    assert store.find("base", "k", Answered) is None
    again = DONE.model_copy(update={"tokens": 4})
    store.keep("base", "k", again)
    assert store.find("base", "k", Answered) == again


def test_a_key_changes_with_every_part_its_order_and_its_bounds() -> None:
    other = SETUP.model_copy(update={"packages": {"torch": "2"}})
    keys = [
        key_of(),
        key_of("ab"),
        key_of("a", "b"),
        key_of("b", "a"),
        key_of(["a", "b"]),
        key_of("1"),
        key_of(1),
        key_of(1.5),
        key_of(SETUP),
        key_of(other),
        key_of(SETUP, "a"),
        key_of(Row(input="a", output="b")),
        key_of(Row(input="b", output="a")),
    ]
    assert len(set(keys)) == len(keys)


def test_a_key_does_not_depend_on_the_order_of_a_mapping() -> None:
    one, two = (
        SETUP.model_copy(update={"packages": dict(items)})
        for items in ([("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")])
    )
    assert key_of(one) == key_of(two)
