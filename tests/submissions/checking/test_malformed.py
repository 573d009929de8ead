"""The verdict on each of the real malformed files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.submission_inputs import BANK, Checker

REFUSED = {
    "120000-tiny-rows.jsonl": (None, "more than 100,000 rows"),
    "bad-json-on-line-7.jsonl": (7, "not JSON"),
    "empty-file.jsonl": (None, "0 bytes"),
    "json-array-not-jsonl.jsonl": (1, "one JSON array"),
    "latin-1-bytes.jsonl": (1, "byte 0xe9 at offset 141"),
    "missing-output-key-on-line-12.jsonl": (12, "no key output"),
    "non-string-values-on-lines-9-and-10.jsonl": (9, "output is a number"),
    "null-output-on-line-4.jsonl": (4, "output is null"),
    "one-3-mb-line.jsonl": (10, "more than"),
    "parquet-other-column-names.parquet": (None, "columns found: 'question', 'answer'"),
    "unknown-task-id__cls-xx-no-such-task.jsonl": (None, "no task 'cls-xx-no-such-task'"),
}
ACCEPTED = {
    "all-duplicate-rows.jsonl": "Only 1 of 200 rows",
    "comma-separated.csv": "converted from .csv",
    "crlf-line-ends.jsonl": "CR LF",
    "utf8-bom.jsonl": "byte order mark",
}


def delivered(malformed: Path, name: str, checker: Checker) -> None:
    target = name.rpartition("__")[2] if "__" in name else BANK + Path(name).suffix
    shutil.copyfile(malformed / name, checker.folder / target)


@pytest.mark.integration
@pytest.mark.parametrize("name", REFUSED)
def test_refused(malformed: Path, checker: Checker, name: str) -> None:
    delivered(malformed, name, checker)
    report = checker()
    line, what = REFUSED[name]
    assert report.errors[0].line == line
    assert what in report.errors[0].what
    assert report.errors[0].fix
    assert not report.accepted


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_with_a_warning(malformed: Path, checker: Checker, name: str) -> None:
    delivered(malformed, name, checker)
    report = checker()
    assert report.accepted
    assert report.files[0].rows == 200
    assert any(ACCEPTED[name] in problem.what for problem in report.warnings)


def test_every_file_has_its_verdict(malformed: Path) -> None:
    assert {file.name for file in malformed.iterdir() if file.suffix != ".md"} == {*REFUSED, *ACCEPTED}
