"""Labels that are denied, have endings, or are sets."""

from __future__ import annotations

import pytest

from evaluator.scoring.metrics.classification import judge_labels

LABELS = {
    "en": "positive negative neutral",
    "de": "positiv negativ",
    "es": "positivo negativo",
    "fr": "positif négatif",
    "it": "positivo negativo",
    "pt": "positivo negativo",
    "nl": "positief negatief",
    "pl": "pozytywny negatywny",
    "sv": "positiv negativ",
    "fi": "positiivinen negatiivinen",
    "tr": "olumlu olumsuz",
    "id": "positif negatif",
    "ru": "положительный отрицательный",
    "el": "θετικό αρνητικό",
    "he": "חיובי שלילי",
    "ar": "إيجابي سلبي",
    "fa": "مثبت منفی",
    "ur": "مثبت منفی",
    "hi": "सकारात्मक नकारात्मक",
    "bn": "ইতিবাচক নেতিবাচক",
    "ta": "நேர்மறை எதிர்மறை",
    "th": "เชิงบวก เชิงลบ",
    "zh": "正面 负面",
    "ja": "肯定的 否定的",
    "ko": "긍정 부정",
    "sw": "chanya hasi",
}
DENIED = {
    "en": "not {}|non-{}|It is not {}|It isn't {}|neither {} nor bad|never {}",
    "de": "nicht {}|Das ist nicht {}|Das ist kein {}",
    "es": "no es {}|no {}",
    "fr": "ce n'est pas {}|non {}|pas {}",
    "it": "non è {}|non {}",
    "pt": "não é {}|não {}",
    "nl": "niet {}|het is niet {}",
    "pl": "nie jest {}|nie {}",
    "sv": "inte {}|det är inte {}",
    "fi": "ei ole {}|ei {}",
    "tr": "{} değil|{} değildir",
    "id": "bukan {}|tidak {}",
    "ru": "не {}|это не {}",
    "el": "δεν είναι {}|όχι {}",
    "he": "לא {}|אינו {}",
    "ar": "ليس {}|لا {}|غير {}",
    "fa": "{} نیست|غیر {}",
    "ur": "{} نہیں|یہ {} نہیں ہے",
    "hi": "{} नहीं|यह {} नहीं है",
    "bn": "{} নয়|এটি {} নয়",
    "ta": "{} அல்ல|{} இல்லை",
    "th": "ไม่ใช่{}|ไม่{}",
    "zh": "不是{}|非{}|并非{}|这不是{}的",
    "ja": "{}ではない|{}ではありません|{}じゃない",
    "ko": "{}이 아닙니다|{}이 아니다|{}은 아님",
    "sw": "si {}|sio {}",
}
AFFIRMED = {
    "en": "{}|It is {}.|The label is {}|no doubt {}|Sentiment: {}|The sentiment of the text is:\n\n{}",
    "de": "{}|Das ist {}|Antwort: {}",
    "es": "Es {}|Respuesta: {}",
    "fr": "C'est {}|Réponse : {}",
    "it": "È {}",
    "pt": "É {}",
    "nl": "Het is {}",
    "pl": "Jest {}",
    "sv": "Det är {}",
    "fi": "Se on {}",
    "tr": "{}|{}dur|Cevap: {}",
    "id": "Ini {}",
    "ru": "Отзыв {}",
    "el": "Είναι {}",
    "he": "זה {}",
    "ar": "النص {}",
    "fa": "{} است",
    "ur": "یہ {} ہے",
    "hi": "यह {} है",
    "bn": "এটি {}",
    "ta": "இது {}",
    "th": "เป็น{}",
    "zh": "这是{}的|非常{}|答案：{}",
    "ja": "{}です|答えは{}です",
    "ko": "{}입니다|{}이다|정답은 {}입니다",
    "sw": "Ni {}",
}


def judge(answer: str, gold: str, labels: list[str], language: str = "en") -> str:
    (verdict,) = judge_labels([answer], [gold], labels, language)
    return verdict


@pytest.mark.parametrize("language", LABELS)
def test_a_denied_label_is_not_named(language: str) -> None:
    labels = LABELS[language].split()
    for phrase in DENIED[language].split("|"):
        assert {label: judge(phrase.format(label), label, labels, language) for label in labels} == dict.fromkeys(
            labels, "denied"
        ), phrase


@pytest.mark.parametrize("language", [language for language in LABELS if language != "tr"])
def test_a_label_is_named_in_a_sentence(language: str) -> None:
    labels = LABELS[language].split()
    for phrase in AFFIRMED[language].split("|"):
        assert {label: judge(phrase.format(label), label, labels, language) for label in labels} == dict.fromkeys(
            labels, "right_label"
        ), phrase


@pytest.mark.parametrize(
    ("answer", "gold", "labels", "language"),
    [
        ("긍정적입니다", "긍정", "긍정 부정", "ko"),
        ("정답은 참입니다", "참", "참 거짓", "ko"),
        ("부정이 아닌 긍정입니다", "긍정", "긍정 부정", "ko"),
        ("İYİ", "İyi", "İyi Kötü", "tr"),
        ("Kötüdür", "Kötü", "İyi Kötü", "tr"),
        ("KIRMIZI", "Kırmızı", "Kırmızı Yeşil", "tr"),
        ("spor'dur", "spor", "spor ekonomi", "tr"),
        ("urheilusta", "urheilu", "urheilu talous", "fi"),
        ("positiivista", "positiivinen", "positiivinen negatiivinen", "fi"),
        ("not negative but positive", "positive", "positive negative", "en"),
        ("不是正面，而是负面", "负面", "正面 负面", "zh"),
        ("không phải xấu mà là tốt", "tốt", "tốt xấu", "vi"),
        ("not toxic", "not-toxic", "toxic not-toxic", "en"),
        ("ANSWER: ☆", "☆", "☆ ○ ◎", "ja"),
        ("The text is good\nLabel: bad", "bad", "good bad", "en"),
    ],
)
def test_a_label_is_read(answer: str, gold: str, labels: str, language: str) -> None:
    assert judge(answer, gold, labels.split(), language) == "right_label"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("positive or negative", "ambiguous"),
        ("Label: positive\nLabel: negative", "ambiguous"),
        ("positively", "unread"),
        ("nonpositive", "unread"),
        ("negative", "other_label"),
        ("", "empty"),
    ],
)
def test_the_verdict_says_why(answer: str, verdict: str) -> None:
    assert judge(answer, "positive", LABELS["en"].split()) == verdict


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("anger, joy", "joy, anger", True),
        ("joy and anger", "joy, anger", True),
        ("joy; anger", "joy, anger", True),
        ("joy", "joy, anger", False),
        ("joy, anger, fear", "joy, anger", False),
        ("joy or anger", "joy, anger", False),
        ("joy", "joy", True),
    ],
)
def test_labels_that_are_lists_are_sets(answer: str, gold: str, right: bool) -> None:
    labels = ["joy", "anger", "fear", "joy, anger", "fear, joy"]
    assert (judge(answer, gold, labels) == "right_label") is right


@pytest.mark.parametrize(("answer", "right"), [("A, B, D", True), ("ABD", True), ("A", False), ("A, B", False)])
def test_labels_of_letters_are_sets(answer: str, right: bool) -> None:
    assert (judge(answer, "ABD", ["A", "B", "AB", "ABD", "CD"]) == "right_label") is right


def test_a_blood_group_is_no_set() -> None:
    assert judge("AB", "AB", ["A", "B", "AB", "0"]) == "right_label"
    assert judge("B, A", "AB", ["A", "B", "AB", "0"]) != "right_label"
