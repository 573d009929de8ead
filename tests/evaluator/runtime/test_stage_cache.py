from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.runtime.stage_cache import StageCache, cache_key
from evaluator.scoring.eval_set import ModelAnswers
from submissions.records.task import Row
from tests.support.evaluation_factories import SETUP

DONE = ModelAnswers(task="t", texts=("one", "zwei\n", "三"), tokens=3)


def test_what_was_kept_is_found_by_whoever_comes_later(tmp_path: Path) -> None:
    store = StageCache(tmp_path)
    assert store.get("fine_tune", "k", ModelAnswers) is None
    assert store.put("fine_tune", "k", DONE) == DONE
    assert StageCache(tmp_path).get("fine_tune", "k", ModelAnswers) == DONE


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    store = StageCache(tmp_path)
    store.put("base", "k", DONE)
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
    store = StageCache(tmp_path)
    store.put("base", "k", DONE)
    store.entry_path("base", "k").write_bytes(content)
    assert store.get("base", "k", ModelAnswers) is None
    again = DONE.model_copy(update={"tokens": 4})
    store.put("base", "k", again)
    assert store.get("base", "k", ModelAnswers) == again


def test_a_key_changes_with_every_part_its_order_and_its_bounds() -> None:
    other = SETUP.model_copy(update={"packages": {"torch": "2"}})
    keys = [
        cache_key(),
        cache_key("ab"),
        cache_key("a", "b"),
        cache_key("b", "a"),
        cache_key(["a", "b"]),
        cache_key("1"),
        cache_key(1),
        cache_key(1.5),
        cache_key(SETUP),
        cache_key(other),
        cache_key(SETUP, "a"),
        cache_key(Row(input="a", output="b")),
        cache_key(Row(input="b", output="a")),
    ]
    assert len(set(keys)) == len(keys)


def test_a_key_does_not_depend_on_the_order_of_a_mapping() -> None:
    one, two = (
        SETUP.model_copy(update={"packages": dict(items)})
        for items in ([("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")])
    )
    assert cache_key(one) == cache_key(two)
