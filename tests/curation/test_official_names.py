"""Ids and languages of the release, for any text that may be there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.importers.dataset_research.importer import import_official
from curation.importers.dataset_research.language_tag import detect_language
from curation.importers.dataset_research.published_scores import PARTS, convert_scores
from curation.importers.dataset_research.release_tasks import ReleaseTask, read_entries
from curation.importers.dataset_research.task_ids import is_valid_id, make_safe_ids
from submissions.arena.benchmark import open_benchmark
from submissions.storage.repo import validate_path
from tests.support.official_release import make_entry, write_json

ODD = ["../x", "/etc/passwd", "lab/translation", "日本語", "a" * 300, "rows.json", ".hidden", "a b", "", "ü", "x\0y"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_id_becomes_a_sound_one(odd: str) -> None:
    name = make_safe_ids([odd])[odd]
    assert is_valid_id(name)
    assert validate_path(f"references/{name}/train.jsonl")


def test_sound_ids_and_slashes_stay_readable() -> None:
    assert make_safe_ids(["a-b", "org/name"]) == {"a-b": "a-b", "org/name": "org_name"}


@pytest.mark.parametrize("ids", [["a/b", "a_b"], ["a/b_c", "a_b/c"], ["ü", "ö"], ["x y", "x  y"]])
def test_ids_that_would_fall_together_do_not(ids: list[str]) -> None:
    assert len(set(make_safe_ids(ids).values())) == 2


def test_even_the_name_of_a_digest_may_be_taken() -> None:
    guess = make_safe_ids(["../x"])["../x"]
    assert len(set(make_safe_ids(["../x", guess]).values())) == 2


@given(st.lists(st.text(st.characters(codec=None), max_size=130) | st.from_regex(r"[a-b/_.]{1,4}", fullmatch=True)))
def test_ids_never_collide_and_do_not_depend_on_order(ids: list[str]) -> None:
    names = make_safe_ids(ids)
    assert len(set(names.values())) == len(set(ids))
    assert all(map(is_valid_id, names.values()))
    assert make_safe_ids(reversed(ids)) == names


def test_odd_ids_are_recorded_and_stay_inside(tmp_path: Path) -> None:
    ids = ["../x", "日本語", "a" * 300]
    release = tmp_path / "release"
    entries = [make_entry("translation", task_id=one, dataset_id=f"lab/{number}") for number, one in enumerate(ids)]
    write_json(release / "test_metadata.json", entries)
    for file in ("final_test.json", "final_baseline.json"):
        write_json(release / file, [])
    for number in range(3):
        rows = [{"input": str(row), "output": "Das ist so."} for row in range(30)]
        write_json(release / "test_set_generated_1" / f"lab_{number}.json", rows)
    import_official(release, tmp_path / "deep" / "benchmark")
    official = open_benchmark(str(tmp_path / "deep" / "benchmark")).read_official_anchors()
    assert official
    assert [anchor.official_id for anchor in official.tasks.values()] == ids
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "release"]
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["benchmark"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Câu trả lời", "und-Latn"),
        ("Ответ", "und-Cyrl"),
        ("الجواب", "und-Arab"),
        ("उत्तर", "und-Deva"),
        ("答案是北京。OK", "zh"),
        ("答えは東京です", "ja"),
        ("スーパー", "ja"),
        ("정답은 서울", "ko"),
        ("คำตอบ", "th"),
        ("ຄຳຕອບ", "lo"),
        ("ចម្លើយ", "km"),
        ("အဖြေ", "my"),
        ("ᚠᚢᚦ", "und"),
        ("1 + 1 = 2", "und"),
        ("", "und"),
    ],
)
def test_a_language_is_what_the_script_says(text: str, language: str) -> None:
    assert detect_language([text]) == language


@pytest.mark.integration
@given(JSON)
def test_any_content_is_read_or_complained_of(value: object) -> None:
    for content in (value, [value], [{"task_id": "a", "dataset_id": "b", "query": "c", "metadata": value}]):
        problems: list = []  # type: ignore[type-arg]
        assert read_entries(content, {}, problems) or problems


@given(JSON, st.sampled_from(sorted(PARTS)), st.sampled_from(["accuracy", "f1", "rouge", "bleu", "sacrebleu"]))
def test_any_results_give_scores_in_range_or_reasons(value: object, category: str, metric: str) -> None:
    entry = ReleaseTask(1, "a", "b", "c", category, "knowledge", {})
    for results in (value, {metric: value}, {"rouge": {"rougeL": value}, "bleu": {"precisions": value}}):
        found = convert_scores(entry, {"task_type": None, "results": results}, 3, "final_test.json", [])
        assert found.keys() == {part.name for part in PARTS[category]}
        assert all(score.why if score.value is None else 0 <= score.value <= 1 for score in found.values())
