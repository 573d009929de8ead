"""Tokens of overlap metrics: numbers, dates, signs, digits, articles, in several languages."""

from __future__ import annotations

import pytest

from evaluator.scoring.metrics.overlap import exact_match, token_f1


@pytest.mark.parametrize(
    ("one", "two", "language"),
    [
        ("3.50", "3.5", "en"),
        ("1,000", "1000", "en"),
        ("12,34,567", "1234567", "en"),
        ("1.234,5", "1234,5", "de"),
        ("1 000 000", "1000000", "fr"),
        ("1\u202f000", "1000", "en"),
        ("1'000'000", "1000000", "de"),
        ("3,14", "3.14", "de"),
        (".5", "0.5", "en"),
        ("1.500", "1500", "de"),
        ("½", "1/2", "en"),
        ("2019/3/1", "2019-03-01", "en"),
        ("2019年3月1日", "2019-03-01", "zh"),
        ("2019년 3월 1일", "2019-03-01", "ko"),
        ("1.3.2019", "2019-03-01", "de"),
        ("10km", "10 km", "en"),
        ("5pm", "5 pm", "en"),
        ("50 °C", "50°C", "en"),
        ("١٩٩٠", "1990", "ar"),
        ("٣٫١٤", "3.14", "ar"),
        ("३.१४", "3.14", "hi"),
        ("๑๒", "12", "th"),
        ("ســـلام", "سلام", "ar"),
        ("كِتَاب", "كتاب", "ar"),
        ("שָׁלוֹם", "שלום", "he"),
        ("İstanbul", "istanbul", "tr"),
        ("ISPARTA", "ısparta", "tr"),
        ("İlham", "ilham", "az"),
        ("İstanbul", "istanbul", "en"),
        ("the Beatles", "Beatles", "en"),
        ("die Katze", "Katze", "de"),
        ("l'eau", "eau", "fr"),
        ("el libro", "libro", "es"),
        ("A resposta", "resposta", "pt"),
        ("το βιβλίο", "βιβλίο", "el"),
        ("a ház", "ház", "hu"),
        ("الكتاب", "كتاب", "ar"),
        ("COVID-19疫情", "covid-19 疫情", "zh"),
        ("ใช้Python", "ใช้ python", "th"),
    ],
)
def test_texts_are_equal_beyond_form(one: str, two: str, language: str) -> None:
    assert token_f1([one], [two], language) == [1.0]
    assert exact_match([one], [two], language) == [1.0]


@pytest.mark.parametrize(
    ("one", "two", "language", "most"),
    [
        ("14.3", "3.14", "en", 0),
        ("12.5", "12.4", "en", 0),
        ("21", "12", "zh", 0),
        ("100元", "1000元", "zh", 0.5),
        ("100 km", "1000 km", "en", 0.5),
        ("100원", "1000원", "ko", 0.5),
        ("2019-03-01", "2019-01-03", "en", 0),
        ("2019年3月1日", "2019年1月3日", "zh", 0),
        ("12:30", "12:45", "en", 0),
        ("3/4", "4/3", "en", 0),
        ("1990s", "1990", "en", 0),
        ("-5", "5", "en", 0),
        ("C++", "C#", "en", 0),
        ("C++", "C", "en", 0),
        ("A+", "A-", "en", 0),
        ("O-", "O+", "en", 0),
        ("x > 5", "x < 5", "en", 0.7),
        ("5 + 3", "5 * 3", "en", 0.7),
        ("10%", "10", "en", 0.7),
        ("vitamin A", "vitamin B", "en", 0.5),
        ("vitamin A", "vitamin", "en", 0.7),
        ("1.500", "1,500", "en", 0),
        ("192.168.0.1", "192.168.1.0", "en", 0),
        ("使用Java语言", "使用JavaScript语言", "zh", 0.9),
        ("١٢", "٢١", "ar", 0),
    ],
)
def test_other_values_do_not_count(one: str, two: str, language: str, most: float) -> None:
    (score,) = token_f1([one], [two], language)
    assert score <= most
    assert exact_match([one], [two], language) == [0.0]


def test_cantonese_is_cut_as_chinese() -> None:
    assert token_f1(["香港人"], ["香港"], "yue") == token_f1(["香港人"], ["香港"], "zh") == [0.8]


@pytest.mark.parametrize("text", ["a", "The", "die", "A", "o"])
def test_an_article_alone_is_a_word(text: str) -> None:
    assert [token_f1([text], [text], language) for language in ("en", "de", "pt")] == [[1.0]] * 3
    assert token_f1([text], ["other"], "en") == [0.0]
