from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from submissions.arena.arena import list_protocols, open_arena, result_path
from submissions.storage.codec import to_jsonl
from submissions.storage.repo import Change
from submissions.tracks.dataset_research_scales import GAIN
from submissions.tracks.published_protocol import PublishedProtocol

ULID = "0" * 26


def publish(name: str) -> PublishedProtocol:
    return PublishedProtocol(
        name=name, track="t", sha256="0" * 64, stages=("check",), methods=("sum",), scale=GAIN, note="A note."
    )


def test_a_protocol_name_may_have_a_hyphen(tmp_path: Path) -> None:
    arena = open_arena(str(tmp_path))
    path = result_path(ULID, "search-demo@1")
    arena.results.commit([Change(path, b"{}")], arena.results.head())
    assert list_protocols(arena.results, "results") == {ULID: ["search-demo@1"]}


def test_the_facts_of_protocols_are_read_back(tmp_path: Path) -> None:
    arena = open_arena(str(tmp_path))
    assert arena.read_protocols() == ()
    facts = (publish("toy@1"), publish("search-demo@2"))
    arena.results.commit([Change("protocols.jsonl", to_jsonl(facts))], arena.results.head())
    assert arena.read_protocols() == facts


@pytest.mark.parametrize("name", ["demo", "Demo@1", "a/b@1", "demo@1\n", "@1"])
def test_a_name_without_a_version_or_with_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        publish(name)
