"""Groups of rows that share a passage, found in inputs of several layouts and languages."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from evaluator.scoring.shared_context import find_groups, name_groups
from evaluator.scoring.statistics.clusters import find_clusters
from submissions.records.task import Row

ENGLISH = (
    "The lighthouse at Cape Wrath was built in 1828. Its lamp was turned by hand until the winter of 1904. "
    "Three keepers lived there with their families.",
    "Copper was traded along the river long before coins were known. A smith needed two days for one axe. "
    "Most of the ore came from the eastern hills.",
    "The opera closed after a single night. Its composer blamed the weather, and the singers blamed the composer.",
)
ASKED = ("Who worked there?", "When did it end?", "What was blamed for it in the end?", "How long did it take?")
CHINESE = (
    "灯塔建于一八二八年，直到一九〇四年冬天仍靠人力转动灯具。三位看守人和家人一起住在那里。",
    "铜的贸易远早于钱币的出现。铁匠做一把斧头需要两天。大部分矿石来自东部的山丘。",
)
ARABIC = (
    "بنيت المنارة في عام 1828 على رأس صخري. كان المصباح يدار باليد حتى شتاء عام 1904.",
    "كانت تجارة النحاس على النهر أقدم من النقود بزمن طويل. جاء معظم الخام من التلال الشرقية.",
)


def rows_of(passages: Sequence[str], questions: Sequence[str], frame: str) -> list[tuple[int, Row]]:
    return [
        (number, Row(input=frame.format(passage=passage, question=question), output=f"answer {number} {place}"))
        for number, passage in enumerate(passages)
        for place, question in enumerate(questions)
    ]


@pytest.mark.parametrize(
    ("passages", "questions", "frame"),
    [
        (
            ENGLISH,
            ASKED,
            "Read the passage and answer the question.\n\nPassage: {passage}\nQuestion: {question}\nAnswer:",
        ),
        (ENGLISH, ASKED, "{question}\n{passage}"),
        (ENGLISH, ASKED, "context: {passage} question: {question}"),
        (ENGLISH, ASKED, "{passage} {question}"),
        (
            CHINESE,
            ("谁住在那里？", "花了多长时间？", "来自哪里？"),
            "阅读短文并回答问题。\n短文：{passage}\n问题：{question}",
        ),
        (ARABIC, ("متى بنيت؟", "من أين جاء الخام؟"), "{passage}\nالسؤال: {question}"),
    ],
)
def test_questions_about_one_passage_are_one_group(passages: list[str], questions: list[str], frame: str) -> None:
    made = rows_of(passages, questions, frame)
    groups = find_groups([row for _, row in made])
    assert groups == [number for number, _ in made]


def test_the_order_of_rows_does_not_matter() -> None:
    made = [row for _, row in rows_of(ENGLISH, ASKED, "Passage: {passage}\nQuestion: {question}")]
    order = list(range(len(made)))
    random.Random(3).shuffle(order)
    shuffled = find_groups([made[at] for at in order])
    whole = find_groups(made)
    pairs = {(whole[at], group) for at, group in zip(order, shuffled, strict=True)}
    assert len(pairs) == len(set(whole)) == len(ENGLISH)


def test_an_instruction_is_no_passage() -> None:
    """One wording in all rows, or each of three in many; neither makes a group."""
    wordings = (
        "Decide whether the following customer message is a complaint or a question, and answer with one word only.",
        "Read this message of a customer carefully. Is it a complaint or is it a question? One word is enough for it.",
        "You are given a message. Classify it as complaint or question, please, without further explanation.",
    )
    for used in (wordings[:1], wordings):
        rows = [Row(input=f"{used[at % len(used)]}\n\nOrder {at} is late", output="complaint") for at in range(120)]
        assert len(set(find_groups(rows))) == 120


def test_short_stems_and_equal_endings_are_no_passage() -> None:
    rows = [
        Row(input=f"Which of these is a city?\nA) Oslo {at}\nB) A lake {at}\nC) None of them", output="A")
        for at in range(40)
    ]
    assert len(set(find_groups(rows))) == 40


def test_equal_inputs_are_one_group() -> None:
    rows = [Row(input="Write a haiku.", output=f"haiku {at}") for at in range(3)] + [Row(input="Else", output="x")]
    assert find_groups(rows) == [0, 0, 0, 1]


def test_a_named_group_counts_and_the_others_are_found() -> None:
    made = [row for _, row in rows_of(ENGLISH[:2], ASKED, "Passage: {passage}\nQuestion: {question}")]
    rows = [Row(input="a", output="b", group="1"), *made, Row(input="c", output="d", group="1")]
    assert find_groups(rows) == [0, *[1] * 4, *[2] * 4, 0]
    named = name_groups(rows)
    assert [row.group for row in named[:1]] == ["1"] == [named[-1].group]
    assert len({row.group for row in named}) == 3
    assert find_groups(named) == find_groups(rows)
    assert name_groups(named) == named


def test_items_without_a_shared_passage_have_no_clusters() -> None:
    made = tuple(row for _, row in rows_of(ENGLISH, ASKED, "Passage: {passage}\nQuestion: {question}"))
    clusters = find_clusters(made)
    assert clusters is not None
    assert clusters.sizes.tolist() == [4, 4, 4]
    assert find_clusters(made[::4]) is None
