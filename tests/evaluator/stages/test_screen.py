from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scoring.leaks import HONEST, RealData, measure_borderline, measure_honest, measure_leaky
from evaluator.stages.screen import normalize_text, screen_rows
from evaluator.tracks.protocols import load_protocol
from submissions.records.task import Row
from tests.support.paths import SHARED_DATA

pytestmark = pytest.mark.integration

TEST = [Row(input="Where is the Élysée? (one word)", output="Paris"), Row(input="第一題：ＡＢＣ", output="1")]


def asked(*inputs: str) -> list[Row]:
    return [Row(input=text, output="?") for text in inputs]


@pytest.mark.parametrize(
    "copy",
    [
        "where is the élysée one word",
        "WHERE IS THE ÉLYSÉE? (ONE WORD)",
        "Where  is\nthe\tE\u0301lyse\u0301e?! (one word).",
        "Where-is-the-Élysée...(one word)",
        "第一題 abc",
    ],
)
def test_a_copy_beyond_form_is_found(copy: str) -> None:
    found = screen_rows(asked(copy), TEST)
    assert (found.kept, found.exact, found.normalised) == ((), (), (0,))


@pytest.mark.parametrize(
    "other", ["Where is the Elysee? (one word)", "Where is the Élysée? (two words)", "Where?", "第二題：ＡＢＣ", ""]
)
def test_nothing_else_is_found(other: str) -> None:
    assert screen_rows(asked(other), TEST).kept == (0,)


def test_rows_are_numbered_from_0_and_exact_copies_are_told_apart() -> None:
    found = screen_rows(asked("new", TEST[0].input, "newer", TEST[0].input.lower()), TEST)
    assert (found.kept, found.exact, found.normalised, found.removed) == ((0, 2), (1,), (3,), 2)


def test_signs_alone_are_compared_as_they_are() -> None:
    found = screen_rows(asked("!?", " !? ", "?!", ":-)"), [Row(input="!?", output="x")])
    assert (found.kept, found.exact, found.normalised) == ((2, 3), (0,), (1,))


ORDERS = {
    "Write a haiku.": ("An old silent pond.", "Autumn moonlight, a worm digs.", "Over the wintry forest."),
    "写一首俳句。": ("古池塘，青蛙跳入水。", "秋月下，虫咬栗子。", "冬林之上，风怒号。"),
    "俳句を一つ書いてください。": ("古池や蛙飛びこむ水の音", "秋深き隣は何をする人ぞ", "海に出て木枯帰るところなし"),
    "Напиши хайку.": ("Старый пруд молчит.", "Осенняя луна взошла.", "Зимний лес и ветер."),
    "اكتب قصيدة هايكو.": ("بركة قديمة صامتة.", "قمر الخريف يضيء.", "فوق الغابة الشتوية."),
    "हाइकु लिखो।": ("पुराना शांत तालाब।", "शरद की चाँदनी।", "जाड़े का जंगल।"),
    "เขียนไฮกุ": ("บ่อเก่าเงียบสงบ", "แสงจันทร์ฤดูใบไม้ร่วง", "เหนือป่าฤดูหนาว"),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("asked_with", ["{}", " «{}»!"])
def test_an_instruction_that_test_rows_share_is_no_copy_but_with_their_output(order: str, asked_with: str) -> None:
    outputs = ORDERS[order]
    test = [Row(input=order, output=output) for output in outputs]
    given = asked_with.format(order)
    mine = [
        Row(input=given, output="My own: 自作, своё."),
        Row(input=given, output=outputs[1]),
        Row(input=given, output=f"  {outputs[2].upper()}!!"),
    ]
    found = screen_rows(mine, test)
    how = "exact" if given == order else "normalised"
    assert found.kept == (0,)
    assert [(copy.row, copy.test_row, copy.how) for copy in found.copies] == [(1, 1, how), (2, 2, how)]


@pytest.mark.parametrize("order", ORDERS)
def test_an_input_with_one_output_is_a_question_whatever_is_answered(order: str) -> None:
    output = ORDERS[order][0]
    test = [Row(input=order, output=output), Row(input=f"{order}!", output=f"{output}?")]
    assert screen_rows([Row(input=order, output="My own.")], test).exact == (0,)


def test_an_instruction_is_shared_also_by_inputs_that_differ_in_form() -> None:
    test = [Row(input="Write a haiku.", output="An old pond."), Row(input="WRITE A HAIKU", output="A winter wood.")]
    mine = [Row(input="Write a haiku.", output=output) for output in ("Rain.", "An old pond.", "A winter wood.")]
    found = screen_rows(mine, test)
    assert (found.kept, found.exact, found.normalised) == ((0,), (1,), (2,))


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), max_size=12), st.lists(st.text(max_size=8), max_size=12))
def test_every_row_goes_one_way(mine: list[str], hidden: list[str]) -> None:
    found = screen_rows(asked(*mine), asked(*hidden))
    assert sorted((*found.kept, *found.exact, *found.normalised)) == list(range(len(mine)))
    kept = {normalize_text(mine[number]) for number in found.kept}
    assert not kept & {normalize_text(text) for text in hidden}


@pytest.fixture(scope="module")
def real() -> RealData:
    if not (SHARED_DATA / "submissions" / "leaky.truth.json").is_file():
        pytest.skip(f"NO REAL LEAKY SUBMISSION: {SHARED_DATA} is absent; set ARENA_SHARED_DATA to screen it")
    return RealData(SHARED_DATA)


def test_the_planted_copies_of_hidden_rows_are_found(real: RealData) -> None:
    hidden, trained, other = measure_leaky(real)
    assert hidden.rows > 700
    assert hidden.share >= 0.98
    assert trained.share < 0.05
    assert other.share <= 0.005
    removed, rows = (sum(getattr(one, name) for one in (hidden, trained, other)) for name in ("removed", "rows"))
    assert removed / rows > load_protocol("demo@1").screen.flag_over


@pytest.mark.parametrize("kind", HONEST)
def test_honest_rows_are_kept(real: RealData, kind: str) -> None:
    by_task = list(measure_honest(real, kind))
    assert sum(one.rows for one in by_task) > 5000
    assert sum(one.removed for one in by_task) <= 0.005 * sum(one.rows for one in by_task)
    assert max(one.share for one in by_task) < 0.02


def test_most_borderline_rows_of_hidden_ones_are_near_duplicates(real: RealData) -> None:
    close, far, trained = measure_borderline(real)
    assert close.rows + far.rows + trained.rows == 41
    assert min(close.share, far.share) > 0.6, "the others are another exercise by its numbers, or another question"
    assert trained.share < 0.2
