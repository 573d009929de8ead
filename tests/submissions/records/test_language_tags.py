from __future__ import annotations

import pytest

from submissions.records.language_tags import (
    InvalidLanguageTag,
    canonicalize_tag,
    is_written_unspaced,
    lacks_tokenizer,
    primary_language,
)

FORMS = {
    "zh": "zh cmn zho chi zh-Hans zh_CN zh-CN ZH zh-Hans-CN cmn-Hans",
    "zh-Hant": "zh-Hant zh_TW zh-TW cmn-Hant zh-Hant-TW",
    "yue": "yue zh-yue",
    "ja": "ja jpn ja_JP ja-Jpan",
    "th": "th tha th-TH",
    "ar": "ar ara arb ar-EG",
    "fa": "fa fas per pes fa-IR",
    "en": "en eng en-US en_US en-Latn",
    "en-GB": "en-GB en_gb eng-GB",
    "pt": "pt por pt-BR",
    "pt-PT": "pt-PT",
    "he": "he iw heb",
    "id": "id in ind",
    "ms": "ms zsm msa",
    "sw": "sw swh swa",
    "et": "et ekk est",
    "sr-Latn": "sr-Latn",
    "und": "und",
    "und-Cyrl": "und-Cyrl und-cyrl",
}


@pytest.mark.parametrize(("form", "tag"), [(form, tag) for tag, forms in FORMS.items() for form in forms.split()])
def test_all_forms_of_a_tag_are_one(form: str, tag: str) -> None:
    assert canonicalize_tag(form) == tag
    assert canonicalize_tag(tag) == tag


@pytest.mark.parametrize(
    "tag", ["English", "korean", "xx", "zz", "", " ", "e", "zh-", "en-x-mine", "x-mine", "en_US.UTF-8"]
)
def test_no_tag_is_refused_by_name(tag: str) -> None:
    with pytest.raises(InvalidLanguageTag, match=r"names no known language|is no language tag") as refused:
        canonicalize_tag(tag)
    assert repr(tag) in str(refused.value)


@pytest.mark.parametrize(
    ("country", "language"), [("jp", "ja"), ("cn", "zh"), ("vn", "vi"), ("ua", "uk"), ("gr", "el")]
)
def test_a_country_s_code_names_its_language(country: str, language: str) -> None:
    with pytest.raises(InvalidLanguageTag, match=f"country; its language is '{language}'"):
        canonicalize_tag(country)


@pytest.mark.parametrize("tag", ["zh", "yue", "nan", "lzh", "zh-Hant-HK", "ja", "th", "lo", "km", "my", "und-Thai"])
def test_languages_without_blanks_are_split_into_letters(tag: str) -> None:
    assert is_written_unspaced(tag)
    assert not lacks_tokenizer(tag)


@pytest.mark.parametrize("tag", ["bo", "dz", "jv-Java", "ban-Bali", "und-Tibt"])
def test_languages_without_blanks_and_tokenizer_are_known(tag: str) -> None:
    assert lacks_tokenizer(tag)
    assert not is_written_unspaced(tag)


@pytest.mark.parametrize("tag", ["en", "ko", "vi", "ar", "und", "und-Latn", "no such tag", "ja-Latn"])
def test_other_languages_are_split_at_blanks(tag: str) -> None:
    assert not is_written_unspaced(tag)
    assert not lacks_tokenizer(tag)


@pytest.mark.parametrize(
    ("tag", "language"), [("yue", "zh"), ("nb", "no"), ("jpn", "ja"), ("en-GB", "en"), ("Klingon", "klingon")]
)
def test_a_language_has_rules_of_writing(tag: str, language: str) -> None:
    assert primary_language(tag) == language
