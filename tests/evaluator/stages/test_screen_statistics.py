from __future__ import annotations

import pytest

from evaluator.stages.screen import Statistics, screen_rows
from evaluator.stages.screen.scripts import expected_scripts, letters_by_script
from submissions.records.task import Row
from tests.support.multilingual_rows import LANGUAGES


def counted(*rows: tuple[str, str], language: str = "en") -> Statistics:
    return screen_rows([Row(input=given, output=wanted) for given, wanted in rows], [], language=language).statistics


def test_repeated_rows_are_counted_and_kept() -> None:
    rows = [("a b", "c"), ("a b", "c"), ("A, b!", "C"), ("a b", "d"), ("a b", "c")]
    found = counted(*rows)
    assert (found.repeated, found.repeated_normalised) == ((2, 5), (3,))
    assert screen_rows([Row(input=one, output=two) for one, two in rows], []).kept == (0, 1, 2, 3, 4)


def test_degenerate_rows_are_counted_by_their_lines() -> None:
    found = counted(("?!", "a"), ("say it", "Say it!"), ("x" * 9, "y"), ("b", "...."), ("c", "d" * 50_000), ("q", "r"))
    assert (found.no_letters, found.echoes, found.monotone, found.extreme) == ((1, 4), (2,), (3, 4, 5), (5,))


def test_lengths_are_told_by_quantiles() -> None:
    found = counted(*(("é" * length, "a") for length in range(1, 102)))
    lengths = found.input_characters
    assert lengths is not None
    assert (lengths.least, lengths.median, lengths.p95, lengths.most) == (1, 51, 96, 101)
    assert found.tokens is not None
    assert found.tokens.most == 51  # 2 bytes for each of 101 letters and 1 for the output, 4 to a token
    assert counted().input_characters is None


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language_is_written_in_its_scripts(tag: str) -> None:
    language = LANGUAGES[tag]
    found = letters_by_script("".join(language.words))
    assert set(found) <= expected_scripts(tag)
    elsewhere = "Это совсем другой язык" if tag != "ru" else "This is another language"
    assert counted(("a", language.instruction), ("b", elsewhere), ("c", "A"), language=tag).other_script == (2,)


@pytest.mark.parametrize(
    ("tag", "scripts"), [("zh-Hant", "Han"), ("sr-Latn", "Latin"), ("uz-Cyrl", "Cyrillic"), ("xx", "Latin")]
)
def test_a_tag_names_scripts(tag: str, scripts: str) -> None:
    assert expected_scripts(tag) == {scripts}


def test_shares_of_scripts_leave_digits_and_signs_out() -> None:
    found = counted(("abc 漢 12 !?", "абвг"))
    assert (found.input_scripts, found.output_scripts) == ({"Latin": 0.75, "Han": 0.25}, {"Cyrillic": 1.0})
