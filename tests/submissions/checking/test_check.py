"""Every way in which a data file can be wrong, and what the submitter is told."""

from __future__ import annotations

import codecs
import hashlib
import json
from pathlib import Path

import pytest

from submissions.checking.check import check_sources, scan_sources
from submissions.checking.file_names import MAX_HINTS
from submissions.checking.problem_list import LIMIT
from submissions.checking.watcher import CheckWatcher
from submissions.errors import NotFound
from submissions.records.task import Row
from submissions.storage.codec import to_jsonl
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.submission_inputs import BANK, GOOD, SARCASM, Checker, error_places, limit_rows

TRACK = TRACKS["dataset_research"]
LINES = GOOD.splitlines(keepends=True)


def with_line(number: int, line: bytes) -> bytes:
    return b"".join([*LINES[: number - 1], line + b"\n", *LINES[number:]])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"input": "a", "output": "b', "is not JSON: unterminated string starting at column 26"),
        (b'{"input": "a", "output": "b",}', "is not JSON"),
        (b'{"input": "a\tb", "output": "b"}', "invalid control character at column 13"),
        (b'{"input": "a"}', "has no key output (its keys: 'input')"),
        (b'{"question": "a"}', "has no key input and no key output"),
        (b'{"input": "a", "output": null}', "output is null"),
        (b'{"input": "a", "output": 3}', "output is a number"),
        (b'{"input": ["a"], "output": "b"}', "input is a list"),
        (b'{"input": {"a": 1}, "output": "b"}', "input is an object"),
        (b'{"input": true, "output": "b"}', "input is true or false"),
        (b'{"input": "a", "output": ""}', "output is empty"),
        (b'{"input": " \\n\xe3\x80\x80", "output": "b"}', "input is empty"),
        (b'{"input": "a\\u0000", "output": "b"}', "NUL"),
        (b'{"input": "a", "output": "ab\\ud800"}', "half of a surrogate pair (\\ud800) as character 3"),
        (b'{"input": "a", "output": "b", "output": "c"}', "key 'output' occurs twice"),
        (b'["a", "b"]', "is a list, not an object"),
        (b'"a"', "is a text, not an object"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"input": "a", "output": ' + b"9" * 6000 + b"}", "output is a number"),
        (b'{"input": "a", "output": "caf\xe9"}', "byte 0xe9 at offset"),
        (b'{"input": "a", "output": "' + b"b" * 200_000 + b'"}', "have more than 200,000 characters"),
        (b'{"input": "a", "output": "' + b"b" * 3_000_000 + b'"}', "more than 2,465,536 bytes"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_still_read(checker: Checker, line: bytes, what: str) -> None:
    report = checker.file(f"{BANK}.jsonl", with_line(7, line) + b'{"input": 1, "output": "last"}\n')
    assert error_places(report) == [(f"{BANK}.jsonl", 7), (f"{BANK}.jsonl", 21)]
    assert what in report.errors[0].what
    assert report.errors[0].fix
    assert not report.accepted
    assert list(checker.into.iterdir()) == []


def test_the_offset_of_a_bad_byte_is_that_of_the_file(checker: Checker) -> None:
    content = with_line(7, b'{"input": "a", "output": "caf\xe9"}')
    assert f"offset {content.index(0xE9)} " in checker.file(f"{BANK}.jsonl", content).errors[0].what


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", None, "empty (0 bytes)"),
        (b"\n \n", None, "has no rows"),
        (b'[\n {"input": "a", "output": "b"}\n]\n', 1, "one JSON array"),
        (b'[{"input": "a", "output": "b"}]', 1, "one JSON array"),
        (codecs.BOM_UTF16_LE + GOOD.decode().encode("utf-16-le"), None, "UTF-16"),
        (b"\x1f\x8b" + GOOD, None, "gzip"),
        (b"PK\x03\x04" + GOOD, None, "zip"),
    ],
)
def test_a_file_that_is_no_json_lines_is_refused_once(
    checker: Checker, content: bytes, line: int | None, what: str
) -> None:
    report = checker.file(f"{BANK}.jsonl", content)
    assert error_places(report) == [(f"{BANK}.jsonl", line)]
    assert what in report.errors[0].what


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (codecs.BOM_UTF8 + GOOD, "byte order mark"),
        (GOOD.replace(b"\n", b"\r\n"), "CR LF"),
        (GOOD + b"\n\n", "2 blank line(s)"),
        (LINES[0] * 200, "Only 1 of 200 rows are distinct"),
        (LINES[0], "only 1 row(s)"),
        (GOOD.replace(b"}", b', "id": 1, "so\xe2\x80\xaeurce": {"a": 1}}'), "'id', 'so\\u202eurce'"),
    ],
)
def test_what_is_only_odd_is_a_warning(checker: Checker, content: bytes, what: str) -> None:
    report = checker.file(f"{BANK}.jsonl", content)
    assert report.accepted, report.errors
    assert any(what in problem.what for problem in report.warnings), report.warnings


def test_what_is_stored_is_only_input_and_output_as_utf8(checker: Checker) -> None:
    rows = [Row(input=f"câu hỏi {n}\u2028", output="答案\r\n\t😀") for n in range(12)]
    content = "\r\n".join(json.dumps({"id": 1, **row.model_dump()}) for row in rows)
    report = checker.file(f"{BANK}.jsonl", codecs.BOM_UTF8 + content.encode())
    stored = (checker.into / f"{BANK}.jsonl").read_bytes()
    assert stored == to_jsonl(rows)
    (file,) = report.files
    assert (file.path, file.rows, file.bytes) == (f"data/{BANK}.jsonl", 12, len(stored))
    assert file.sha256 == hashlib.sha256(stored).hexdigest()
    assert report.missing == (SARCASM,)


def test_rows_after_the_first_thousand_are_kept_and_warned_about(checker: Checker) -> None:
    report = checker.file(f"{BANK}.jsonl", b"".join(b'{"input": "%d", "output": "b"}\n' % n for n in range(1001)))
    assert report.files[0].rows == 1001
    what = "There are 1,001 rows; at most the first 1,000 count; a protocol may use fewer."
    assert [problem.what for problem in report.warnings] == [what]


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv"])
def test_a_file_over_the_row_limit_is_refused_without_being_read_on(checker: Checker, ending: str) -> None:
    row = {"jsonl": "bad\n", "json": "1,", "csv": "a,b\n"}[ending] * 50
    start = {"jsonl": "", "json": "[", "csv": "input,output\n"}[ending]
    report = checker.file(f"{BANK}.{ending}", (start + row).encode(), limit_rows(row_limit=30))
    assert "The file has more than 30 rows." in [problem.what for problem in report.errors]
    assert not any((problem.line or 0) > 32 for problem in report.errors)


def test_a_file_over_the_byte_limit_is_refused(checker: Checker) -> None:
    report = checker.file(f"{BANK}.jsonl", GOOD, limit_rows(max_file_bytes=100))
    assert "bytes" in report.errors[0].what


def test_many_bad_lines_make_a_short_report_that_counts_them(checker: Checker) -> None:
    report = checker.file(f"{BANK}.jsonl", b"bad\n" * 5000 + b'{"input": "a", "output": ""}\n' * 3)
    assert len(report.errors) == LIMIT + 2
    closing = [problem for problem in report.errors if "more like this" in problem.what]
    assert [(problem.line, problem.what.split(" more")[0]) for problem in closing] == [
        (LIMIT + 1, "And 4,950"),
        (5001, "And 3"),
    ]


@pytest.mark.parametrize("name", ["cls-en-bank-intent.jsonl", f"{BANK}.jsonl.jsonl", "CLS-EN-BANK-INTENTS.jsonl"])
def test_an_unknown_task_is_refused(checker: Checker, name: str) -> None:
    report = checker.file(name, GOOD)
    assert error_places(report) == [(name, None)]
    assert "There is no task" in report.errors[0].what


def test_only_the_first_unknown_tasks_of_a_delivery_are_answered_with_the_closest(checker: Checker) -> None:
    for number in range(MAX_HINTS + 10):
        (checker.folder / f"{BANK}-{number}.jsonl").write_bytes(GOOD)
    for _ in range(2):  # each delivery anew
        report = checker()
        assert len(report.errors) == MAX_HINTS + 10
        assert sum("Did you mean" in problem.fix for problem in report.errors) == MAX_HINTS
        assert all("ename the file" in problem.fix for problem in report.errors)


def test_an_unknown_task_is_answered_with_the_closest(checker: Checker) -> None:
    assert f"Did you mean {BANK}?" in checker.file("cls-en-bank-intent.jsonl", GOOD).errors[0].fix


def test_two_files_for_one_task_are_refused(checker: Checker) -> None:
    (checker.folder / f"{BANK}.csv").write_bytes(b"input,output\na,b\n")
    report = checker.file(f"{BANK}.jsonl", GOOD)
    assert error_places(report) == [(f"{BANK}.jsonl", None)]
    assert f"{BANK}.csv is for the same task" in report.errors[0].what


def test_problems_are_sorted_errors_first_then_by_file_and_line(checker: Checker) -> None:
    (checker.folder / f"{SARCASM}.jsonl").write_bytes(LINES[0] + b"bad\nbad\n")
    report = checker.file(f"{BANK}.jsonl", codecs.BOM_UTF8 + LINES[0] + b"bad\n")
    assert [(problem.level, problem.file, problem.line) for problem in report.problems] == [
        ("error", f"{SARCASM}.jsonl", 2),
        ("error", f"{SARCASM}.jsonl", 3),
        ("error", f"{BANK}.jsonl", 2),
        ("warning", f"{BANK}.jsonl", None),
    ]


def test_an_empty_delivery_is_refused(checker: Checker) -> None:
    assert checker().errors[0].what == "There is no data file."


def test_progress_counts_every_file(checker: Checker) -> None:
    for name in (BANK, SARCASM):
        (checker.folder / f"{name}.jsonl").write_bytes(GOOD)
    seen: list[tuple[str, int, int]] = []
    scan_sources(
        [checker.folder],
        [make_task(BANK, "text_classification"), make_task(SARCASM, "text_classification")],
        into=checker.into,
        track=TRACK,
        watcher=CheckWatcher(finish=lambda verdict, done, of: seen.append((verdict.name, done, of))),
    )
    assert seen == [(f"{SARCASM}.jsonl", 1, 2), (f"{BANK}.jsonl", 2, 2)]


def test_tasks_of_other_tracks_are_unknown(checker: Checker) -> None:
    with pytest.raises(NotFound, match="no tasks of the track dataset_research"):
        check_sources(
            [checker.folder],
            [make_task(BANK, "text_classification", track="data_recipe")],
            into=checker.into,
            track=TRACK,
        )


def test_a_source_that_does_not_exist_is_named(checker: Checker) -> None:
    with pytest.raises(NotFound, match="No file or folder"):
        checker(Path("no-such-folder"))
