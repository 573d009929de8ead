"""Analyzers: the same terms of passages and queries, in every script."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from evaluator.retrieval.analyzer import ANALYZERS, MAX_QUERY_TERMS, find_analyzer, split_words
from submissions.errors import NotFound


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("O'Brien's cat", ["o", "brien", "s", "cat"]),
        ("sys.maxsize foo_bar C++", ["sys", "maxsize", "foo_bar", "c"]),
        ("title:foo *:* (a AND", ["title", "foo", "a", "and"]),
        ("Straße ﬁne É e\u0301", ["strasse", "fine", "é", "é"]),
        ("नमस्ते मार्च", ["नमस्ते", "मार्च"]),
        ("كِتَاب", ["كِتَاب"]),
        ("東京タワー", ["東京", "京タ", "タワ", "ワー"]),
        ("ab東c 中", ["ab", "東", "c", "中"]),
        ("สวัส", ["สว", "วั", "ัส"]),
        ("\ud800abc\0d\u200be", ["abc", "d", "e"]),
        ("3.14 ½ ２", ["3", "14", "1", "2", "2"]),
        ("x" * 200, ["x" * 64]),
        ("... !!! 🙂", []),
    ],
)
def test_words_of_every_script(text: str, terms: list[str]) -> None:
    assert split_words(text) == terms


def test_ascii_is_split_as_all_other_text_is() -> None:
    text = "".join(map(chr, range(128))) * 2 + " The_Quick brown-FOX 42x"
    assert [term for term in split_words(text + " é") if term != "é"] == split_words(text)


def test_english_stems_join_what_belongs_together() -> None:
    english = find_analyzer("english@1")
    assert english.list_terms("The companies were merging") == english.list_terms("the company were merges")
    assert english.list_terms("東京 naïves") == ["東京", "naïves"]


@pytest.mark.parametrize("name", ANALYZERS)
def test_a_query_is_its_first_distinct_terms(name: str) -> None:
    analyzer = find_analyzer(name)
    terms = analyzer.select_query_terms("b a b a " + " ".join(f"w{number}" for number in range(500)))
    assert terms[:3] == ["b", "a", "w0"]
    assert len(terms) == len(set(terms)) == MAX_QUERY_TERMS


def test_stems_are_the_same_on_many_threads() -> None:
    words = [
        f"{stem}{end}" for stem in ("relat", "activ", "nation", "happi") for end in ("ing", "ed", "ly", "ness")
    ] * 9
    english = find_analyzer("english@1")
    alone = [english.list_terms(word) for word in words]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(english.list_terms, words)) == alone


def test_definitions_differ_and_an_unknown_name_lists_those_that_exist() -> None:
    assert len({analyzer.sha256 for analyzer in ANALYZERS.values()}) == len(ANALYZERS)
    with pytest.raises(NotFound, match=r"No analyzer 'porter'; there are: words@1, english@1"):
        find_analyzer("porter")
