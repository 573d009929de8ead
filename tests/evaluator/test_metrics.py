from __future__ import annotations

import string
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF

from evaluator.metrics import BY_CATEGORY, Answers, measure, overlap, translation
from evaluator.metrics.text import plain, tokens
from submissions.errors import NotFound
from submissions.models import Row
from submissions.tracks import TRACKS
from tests.evaluator.worlds import a_task

SENTENCES = {
    "en": "The committee will meet again on Tuesday, at a quarter past nine.",
    "ar": "ستجتمع اللجنة مرة أخرى يوم الثلاثاء في الساعة التاسعة والربع.",
    "vi": "Ủy ban sẽ họp lại vào thứ Ba, lúc chín giờ mười lăm phút.",
    "zh": "委员会将于星期二九点一刻再次开会。",
    "ja": "委員会は火曜日の九時十五分に再び開かれます。",
    "ko": "위원회는 화요일 아홉 시 십오 분에 다시 열릴 예정입니다.",
    "th": "คณะกรรมการจะประชุมอีกครั้งในวันอังคารเวลาเก้านาฬิกาสิบห้านาที",
    "ru": "Комитет снова соберётся во вторник, в четверть десятого.",
    "hi": "समिति मंगलवार को सवा नौ बजे फिर से बैठक करेगी।",
    "de": "Der Ausschuß trifft sich am Dienstag, um Viertel nach neun, wieder.",
}
texts = st.text(max_size=40)
words = st.text(alphabet="ab c.", max_size=16)


def answered(category: str, pairs: list[tuple[str, str]], language: str = "en") -> Answers:
    """Pairs of an answer and what was expected."""
    rows = [Row(input="Which?", output=expected) for _, expected in pairs]
    labels = sorted({row.output for row in rows})
    return Answers(a_task("t", category, language=language), rows, labels, [answer for answer, _ in pairs])


def test_every_category_has_its_metric_and_the_track_names_it() -> None:
    assert BY_CATEGORY.keys() == TRACKS["dataset_research"].categories.keys()
    for category, name in TRACKS["dataset_research"].categories.items():
        assert measure(answered(category, [("a", "a")])).name == name


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("language", SENTENCES)
def test_a_text_is_worth_everything_beside_itself(category: str, language: str) -> None:
    sentence = SENTENCES[language]
    measured = measure(answered(category, [(sentence, sentence)] * 2, language))
    assert measured.items == pytest.approx([1.0, 1.0])
    assert all(other.score.value == pytest.approx(1.0) for other in measured.others)


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("language", SENTENCES)
def test_a_text_is_worth_little_beside_another_language(category: str, language: str) -> None:
    other = SENTENCES["ru" if language == "en" else "en"]
    measured = measure(answered(category, [(other, SENTENCES[language]), (SENTENCES[language], other)], language))
    assert max(measured.items) < 0.25


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("expected", ["😀", "+", "→", "?!", "C++"])
def test_silence_is_worth_nothing_beside_signs(category: str, expected: str) -> None:
    assert measure(answered(category, [("", expected)])).items == [0.0]


@pytest.mark.parametrize("category", BY_CATEGORY)
@given(st.lists(st.tuples(texts, st.text(min_size=1, max_size=40)), min_size=1, max_size=6), st.randoms())
@settings(max_examples=40, deadline=None)
def test_values_lie_between_0_and_1_and_know_no_order(
    category: str, pairs: list[tuple[str, str]], chance: object
) -> None:
    measured = measure(answered(category, pairs))
    assert len(measured.items) == len(pairs)
    assert all(0 <= value <= 1 for value in measured.items)
    assert measured.score.value == pytest.approx(sum(measured.items) / len(pairs))
    order = list(range(len(pairs)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    turned = measure(answered(category, [pairs[place] for place in order]))
    assert turned.items == [measured.items[place] for place in order]
    assert [other.score.value for other in turned.others] == pytest.approx(
        [other.score.value for other in measured.others]
    )


@given(words, words)
@settings(deadline=None)
def test_token_f1_counts_shared_tokens(one: str, two: str) -> None:
    mine, gold = tokens(one, "en"), tokens(two, "en")
    left = Counter(gold)
    shared = 0
    for token in mine:
        if left[token]:
            left[token] -= 1
            shared += 1
    expected = 2 * shared / (len(mine) + len(gold)) if mine or gold else 1.0
    assert overlap.token_f1([one], [two], "en") == [pytest.approx(expected)]


@given(words, words)
@settings(deadline=None)
def test_rouge_l_is_of_the_longest_common_subsequence(one: str, two: str) -> None:
    mine, gold = tokens(one, "zh"), tokens(two, "zh")
    table = [[0] * (len(gold) + 1) for _ in range(len(mine) + 1)]
    for row, token in enumerate(mine):
        for column, other in enumerate(gold):
            best = max(table[row][column + 1], table[row + 1][column])
            table[row + 1][column + 1] = table[row][column] + 1 if token == other else best
    expected = 2 * table[-1][-1] / (len(mine) + len(gold)) if mine or gold else 1.0
    assert overlap.rouge_l([one], [two], "zh") == [pytest.approx(expected)]


@pytest.mark.parametrize("language", SENTENCES)
def test_translation_is_what_sacrebleu_says(language: str) -> None:
    gold = [SENTENCES[language], SENTENCES["en"]]
    mine = [gold[0][:-6] + "x", "The committee will meet on Tuesday at nine."]
    tokenizer = {"zh": "zh", "ja": "char", "th": "char"}.get(language, "13a")
    theirs = CHRF(word_order=2)
    sentences = [theirs.sentence_score(one, [two]).score / 100 for one, two in zip(mine, gold, strict=True)]
    measured = measure(answered("language_translation", list(zip(mine, gold, strict=True)), language))
    assert measured.items == pytest.approx(sentences)
    (bleu,) = measured.others
    assert bleu.score.value == pytest.approx(BLEU(tokenize=tokenizer).corpus_score(mine, [gold]).score / 100)
    assert f"tok:{tokenizer}" in bleu.name
    assert "nrefs:1" in bleu.name


def test_a_language_s_region_and_script_do_not_change_how_it_is_cut() -> None:
    assert tokens("我們 走", "zh-Hant") == tokens("我們走", "zh") == ["我", "們", "走"]
    assert tokens("two words", "en-GB") == ["two", "words"]
    assert translation.bleu_signature("zh-Hant") == translation.bleu_signature("zh")


def test_a_mark_stays_with_its_letter() -> None:
    assert tokens("กี่", "th") == ["กี่"]
    assert len(tokens("नमस्ते दुनिया", "hi")) == 2


@pytest.mark.parametrize(
    ("one", "two"),
    [("Ａ１", "a1"), ("STRASSE", "Straße"), ("e\u0301te\u0301", "été"), ("don’t", "don't"), (" (Yes!) ", "yes")],
)
def test_plain_texts_are_equal_beyond_form(one: str, two: str) -> None:
    assert plain(one) == plain(two)


def test_exact_match_stands_beside_token_f1() -> None:
    measured = measure(answered("question_answering", [("Paris.", "paris"), ("in Paris", "paris")]))
    (exact,) = measured.others
    assert (exact.name, exact.score.value, exact.score.n) == ("exact_match", 0.5, 2)
    assert measured.items == [1.0, pytest.approx(2 / 3)]


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_wrong_number_of_answers_is_an_error(category: str, count: int) -> None:
    whole = answered(category, [("a", "a"), ("b", "b")])
    with pytest.raises(ValueError, match=f"{count} answers to 2"):
        measure(Answers(whole.task, whole.rows, whole.labels, ["a"] * count))


def test_no_items_are_unscored_not_zero() -> None:
    score = measure(answered("text_summarization", [])).score
    assert (score.value, score.n) == (None, 0)


def test_an_unknown_category_names_those_that_exist() -> None:
    task = a_task("t").model_copy(update={"category": string.ascii_lowercase})
    with pytest.raises(NotFound, match="multiple_choice"):
        measure(Answers(task, [], [], []))
