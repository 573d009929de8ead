from __future__ import annotations

import string
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaluator.errors import UnscorableAnswers
from evaluator.scoring.metrics import BY_CATEGORY, Answers, measure_answers, overlap, translation
from evaluator.scoring.metrics.text import fold_text, join_words, tokenize_text
from evaluator.scoring.metrics.text import split_words as words_of
from submissions.errors import NotFound
from submissions.records.task import Row
from submissions.tracks import TRACKS
from tests.support.factories import make_task

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
SHORT = {
    "en": ["Nine", "a", "Yes.", "two words"],
    "ar": ["تسعة", "ل", "نعم.", "كلمة أخرى"],
    "vi": ["chín", "ở", "Vâng.", "hai từ"],
    "zh": ["九", "是。", "九点"],
    "ja": ["九", "はい。", "火曜日"],
    "ko": ["아홉", "예", "네.", "화요일 아홉 시"],
    "th": ["เก้า", "ก", "ใช่", "กี่"],
    "ru": ["девять", "я", "Да.", "два слова"],
    "hi": ["नौ", "न", "हाँ।", "दो शब्द"],
    "de": ["neun", "ß", "Ja.", "zwei Wörter"],
}
"""Answers without four tokens, down to one letter."""

texts = st.text(max_size=40)
words = st.text(alphabet="ab c.", max_size=16)


def answered(category: str, pairs: list[tuple[str, str]], language: str = "en") -> Answers:
    """Pairs of an answer and what was expected."""
    rows = [Row(input="Which?", output=expected) for _, expected in pairs]
    labels = sorted({row.output for row in rows})
    return Answers(make_task("t", category, language=language), rows, labels, [answer for answer, _ in pairs])


def test_every_category_has_its_metric_and_the_track_names_it() -> None:
    assert BY_CATEGORY.keys() == TRACKS["dataset_research"].categories.keys()
    for category, name in TRACKS["dataset_research"].categories.items():
        assert measure_answers(answered(category, [("a", "a")])).name == name


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("language", SENTENCES)
def test_a_text_is_worth_everything_beside_itself(category: str, language: str) -> None:
    sentence = SENTENCES[language]
    for said in ([sentence] * 2, *([short] for short in SHORT[language]), [*SHORT[language], sentence]):
        measured = measure_answers(answered(category, [(text, text) for text in said], language))
        for metric in (measured, *measured.others):
            assert metric.items == [1.0] * len(said), metric.name
            assert metric.score.value == 1.0, metric.name


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("language", SENTENCES)
def test_a_text_is_worth_little_beside_another_language(category: str, language: str) -> None:
    other = SENTENCES["ru" if language == "en" else "en"]
    measured = measure_answers(
        answered(category, [(other, SENTENCES[language]), (SENTENCES[language], other)], language)
    )
    assert max(measured.items) < 0.25


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("expected", ["😀", "+", "→", "?!", "C++"])
def test_silence_is_worth_nothing_beside_signs(category: str, expected: str) -> None:
    assert measure_answers(answered(category, [("", expected)])).items == [0.0]


@pytest.mark.parametrize("category", BY_CATEGORY)
@given(st.lists(st.tuples(texts, st.text(min_size=1, max_size=40)), min_size=1, max_size=6), st.randoms())
@settings(max_examples=40, deadline=None)
def test_values_lie_between_0_and_1_and_know_no_order(
    category: str, pairs: list[tuple[str, str]], chance: object
) -> None:
    whole = answered(category, pairs)
    measured = measure_answers(whole)
    assert len(measured.items) == len(pairs)
    assert all(0 <= value <= 1 for value in measured.items)
    assert measured.score.value == float(measured.pool(measured.statistics.sum(axis=0)))
    half = len(pairs) // 2 + 1
    part = measure_answers(replace(whole, rows=whole.rows[:half], texts=whole.texts[:half]))
    assert part.score.value == float(measured.pool(measured.statistics[:half].sum(axis=0)))
    order = list(range(len(pairs)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    turned = measure_answers(answered(category, [pairs[place] for place in order]))
    assert turned.items == [measured.items[place] for place in order]
    assert turned.score.value == pytest.approx(measured.score.value)
    assert [other.score.value for other in turned.others] == pytest.approx(
        [other.score.value for other in measured.others]
    )


@given(words, words)
@settings(deadline=None)
def test_token_f1_counts_shared_tokens(one: str, two: str) -> None:
    mine, gold = tokenize_text(one, "vi"), tokenize_text(two, "vi")
    left = Counter(gold)
    shared = 0
    for token in mine:
        if left[token]:
            left[token] -= 1
            shared += 1
    expected = 2 * shared / (len(mine) + len(gold)) if mine or gold else 1.0
    assert overlap.token_f1([one], [two], "vi") == [pytest.approx(expected)]


@given(words, words)
@settings(deadline=None)
def test_rouge_l_is_of_the_longest_common_subsequence(one: str, two: str) -> None:
    mine, gold = tokenize_text(one, "zh"), tokenize_text(two, "zh")
    table = [[0] * (len(gold) + 1) for _ in range(len(mine) + 1)]
    for row, token in enumerate(mine):
        for column, other in enumerate(gold):
            best = max(table[row][column + 1], table[row + 1][column])
            table[row + 1][column + 1] = table[row][column] + 1 if token == other else best
    expected = 2 * table[-1][-1] / (len(mine) + len(gold)) if mine or gold else 1.0
    assert overlap.rouge_l([one], [two], "zh") == [pytest.approx(expected)]


def test_a_language_s_region_and_script_do_not_change_how_it_is_cut() -> None:
    assert tokenize_text("我們 走", "zh-Hant") == tokenize_text("我們走", "zh") == ["我", "們", "走"]
    assert tokenize_text("two words", "en-GB") == ["two", "words"]
    assert translation.bleu_signature("zh-Hant") == translation.bleu_signature("zh")


def test_a_mark_stays_with_its_letter() -> None:
    assert tokenize_text("กี่", "th") == ["กี่"]
    assert len(tokenize_text("नमस्ते दुनिया", "hi")) == 2


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Ａ１", "a1"),
        ("STRASSE", "Straße"),
        ("e\u0301te\u0301", "été"),
        ("don’t", "don't"),
        (" (Yes!) ", "yes"),
        ("−5", "-5"),
        ("1,234,567", "1234567"),
        ("2020-2021", "2020–2021"),
        ("COVID-19", "covid 19"),
        ("co\u00adoperate", "cooperate"),
        ("\u200fنعم\u200e", "نعم"),
        ("\ufeffyes", "yes"),
        ("ﬁn", "FIN"),
    ],
)
def test_plain_texts_are_equal_beyond_form(one: str, two: str) -> None:
    assert join_words(one) == join_words(two)


def test_exact_match_stands_beside_token_f1() -> None:
    measured = measure_answers(answered("question_answering", [("Paris.", "paris"), ("in Paris", "paris")]))
    (exact,) = measured.others
    assert (exact.name, exact.score.value, exact.score.n) == ("exact_match", 0.5, 2)
    assert measured.items == [1.0, pytest.approx(2 / 3)]


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_wrong_number_of_answers_is_an_error(category: str, count: int) -> None:
    whole = answered(category, [("a", "a"), ("b", "b")])
    with pytest.raises(UnscorableAnswers, match=f"^{whole.task.id}: {count} answers to 2"):
        measure_answers(Answers(whole.task, whole.rows, whole.labels, ["a"] * count))


@pytest.mark.parametrize("category", BY_CATEGORY)
@pytest.mark.parametrize("answer", [None, float("nan"), 1])
def test_an_answer_that_is_no_text_is_an_error(category: str, answer: object) -> None:
    whole = answered(category, [("a", "a"), ("b", "b")])
    with pytest.raises(UnscorableAnswers, match=f"^{whole.task.id}: answer 1 is a {type(answer).__name__}"):
        measure_answers(Answers(whole.task, whole.rows, whole.labels, ["a", answer]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("category", "worth"),
    [
        ("multiple_choice", 0),
        ("text_classification", 1),
        ("question_answering", 1),
        ("text_summarization", 1),
        ("language_translation", 0),
        ("text_generation", 0),
    ],
)
def test_what_an_empty_answer_to_an_empty_reference_is_worth(category: str, worth: int) -> None:
    for blank in ("", " \n"):
        assert measure_answers(answered(category, [(blank, "")])).items == [worth]
        assert measure_answers(answered(category, [("something", blank)])).items == [0]


@given(texts, texts)
@settings(deadline=None)
def test_overlap_does_not_tell_answer_from_reference(one: str, two: str) -> None:
    assert overlap.exact_match([one], [two]) == overlap.exact_match([two], [one])
    for language in ("en", "th"):
        assert overlap.token_f1([one], [two], language) == overlap.token_f1([two], [one], language)
        assert overlap.rouge_l([one], [two], language) == overlap.rouge_l([two], [one], language)
        assert overlap.rouge_l([one], [two], language) <= overlap.token_f1([one], [two], language)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=30))
@settings(max_examples=500, deadline=None)
def test_the_quick_way_through_ascii_leads_to_the_same_words(text: str) -> None:
    cut = [word for word in words_of(text + " !! é") if word != "é"]
    assert words_of(text) == cut


@given(st.text(max_size=30))
@example("i\u0591\u0307")
@example("\u0130\u0307")
@example("36x東京")
@settings(max_examples=300, deadline=None)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_text(fold_text(text)) == fold_text(text)
    assert join_words(join_words(text)) == join_words(text)


@pytest.mark.parametrize(
    ("one", "two"),
    [("-5", "5"), ("x = -5", "x = 5"), ("1.5", "15"), ("1,50", "150"), ("2020-21", "-21"), ("été", "ete"), ("ß", "s")],
)
def test_plain_texts_differ_where_they_mean_something_else(one: str, two: str) -> None:
    assert join_words(one) != join_words(two)
    assert overlap.exact_match([one], [two]) == [0]


def test_no_items_are_unscored_not_zero() -> None:
    score = measure_answers(answered("text_summarization", [])).score
    assert (score.value, score.n) == (None, 0)


def test_an_unknown_category_names_those_that_exist() -> None:
    task = make_task("t").model_copy(update={"category": string.ascii_lowercase})
    with pytest.raises(NotFound, match="multiple_choice"):
        measure_answers(Answers(task, [], [], []))
