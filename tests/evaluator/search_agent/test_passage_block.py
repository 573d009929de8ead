"""Passages as token ids: cut to their room by whole characters, with whole tags."""

from __future__ import annotations

import pytest

from evaluator.models.chat_template import ChatTemplate
from evaluator.retrieval.retriever import Hit, Passage
from evaluator.search_agent.passage_block import PassageBlock, build_passage_block
from submissions.trajectories import TAG_SETS, get_tag_set

HITS = [
    Hit(Passage("7", "Short", "One two."), 1.0),
    Hit(Passage("8", "", "Zwölf große 漢字漢字漢字 🙂🙂 words " * 5), None),
    Hit(Passage("9", "Last\nline", "End."), 1.0),
]


def build(template: ChatTemplate, tags: str, room: int, budget: int = 10_000, queries: int = 1) -> PassageBlock | None:
    names = [f"query {number}" for number in range(queries)]
    return build_passage_block(
        names, [HITS] * queries, get_tag_set(tags), template, room=room, max_passage_tokens=budget
    )


@pytest.mark.parametrize("tags", TAG_SETS)
def test_a_block_has_its_tags_whole_whatever_the_room(template: ChatTemplate, tags: str) -> None:
    known = get_tag_set(tags)
    whole = build(template, tags, 10_000)
    assert whole is not None
    assert not any(passage.is_cut for passage in whole.passages)
    sizes = set()
    for room in range(len(whole.ids) + 2):
        block = build(template, tags, room)
        if block is None:
            assert room < len(template.encode_text(known.before_passages + known.passages.open)) + 20
            continue
        assert len(block.ids) <= room
        assert template.decode(block.ids) == block.text
        assert block.text.startswith(known.before_passages + known.passages.open)
        assert block.text.endswith(known.passages.close + known.after_passages)
        assert "\ufffd" not in block.text
        assert [passage.id for passage in block.passages] == ["7", "8", "9"]
        cut = [passage.is_cut for passage in block.passages]
        assert cut == sorted(cut)  # the first ones stay whole
        sizes.add(len(block.ids))
    assert block == whole
    assert len(sizes) > 20


def test_passages_are_cut_to_their_budget_and_shown_as_the_model_sees_them(template: ChatTemplate) -> None:
    block = build(template, "search-r1", 10_000, budget=30)
    assert block is not None
    first, second, third = block.passages
    assert (first.text, first.is_cut) == ("Doc 1(Title: Short) One two.\n", False)
    assert second.is_cut
    assert second.text.startswith("Doc 2(Title: ) Zw")
    assert (third.text, third.is_cut, third.score) == ("", True, 1.0)
    assert block.text == f"\n\n<information>{first.text}{second.text}</information>\n\n"


def test_queries_share_the_room_equally(template: ChatTemplate) -> None:
    block = build(template, "infoseek", 10_000, budget=90, queries=3)
    assert block is not None
    starts = [passage.text[:19] for passage in block.passages if passage.text]
    assert starts.count("Doc 1(Title: Short)") == 3
    assert block.text.count("[Current Query]: query ") == 3


def test_lines_of_titles_and_texts_are_joined(template: ChatTemplate) -> None:
    block = build(template, "r1-searcher", 10_000)
    assert block is not None
    assert block.text.startswith("\n\n<|begin_of_documents|>\n(1)Short   One two.\n(2)   Zwölf")
    assert "(3)Last line   End.\n<|end_of_documents|>\n\n" in block.text
