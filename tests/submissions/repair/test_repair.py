"""What is mended without guessing, what is left alone, and that every change is told."""

from __future__ import annotations

import codecs
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from submissions.repair.repair import RepairResult, repair_sources
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.submission_inputs import BANK, GOOD, SARCASM, limit_rows

TRACK = TRACKS["dataset_research"]
TASKS = [make_task(BANK, "text_classification"), make_task(SARCASM, "text_classification")]
LINES = GOOD.decode().splitlines()
ROWS = [json.loads(line) for line in LINES]


class Fixer:
    def __init__(self, folder: Path) -> None:
        self.delivered = folder / "delivered"
        self.into = folder / "into"
        for made in (self.delivered, self.into):
            made.mkdir()

    def __call__(self, name: str, content: bytes | str) -> RepairResult:
        (self.delivered / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return repair_sources([self.delivered], TASKS, into=self.into, track=TRACK)

    def rows(self, name: str = f"{BANK}.jsonl") -> list[object]:
        return [json.loads(line) for line in (self.into / name).read_bytes().splitlines()]


@pytest.fixture
def fixer(tmp_path: Path) -> Fixer:
    return Fixer(tmp_path)


def told(fixed: RepairResult) -> str:
    return " ".join(f"{change.what} {change.lines}" for one in fixed.corrections for change in one.changes)


MENDED = {
    "a byte order mark": (f"{BANK}.jsonl", codecs.BOM_UTF8 + GOOD, "byte order mark"),
    "UTF-16": (f"{BANK}.jsonl", GOOD.decode().encode("utf-16"), "it was UTF-16"),
    "UTF-32": (f"{BANK}.jsonl", GOOD.decode().encode("utf-32"), "it was UTF-32"),
    "CR LF": (f"{BANK}.jsonl", "\r\n".join(LINES) + "\r\n", "CR LF"),
    "blank lines": (f"{BANK}.jsonl", "\n" + "\n\n".join(LINES), "Blank lines were removed. (1, 3, 5"),
    "an array": (f"{BANK}.jsonl", json.dumps(ROWS), "one JSON array"),
    "an array over lines": (f"{BANK}.jsonl", json.dumps(ROWS, indent=2), "one JSON array"),
    "an array's last comma": (f"{BANK}.json", json.dumps(ROWS)[:-1] + ",\n]", "comma after the last row"),
    "lines called array": (f"{BANK}.json", GOOD, "it contained JSON lines"),
    "objects over lines": (f"{BANK}.jsonl", "\n".join(json.dumps(row, indent=1) for row in ROWS), "several lines"),
    "commas after lines": (f"{BANK}.jsonl", ",\n".join(LINES), "A comma after the row"),
    "commas in objects": (f"{BANK}.jsonl", GOOD.decode().replace("}", ", }"), "after its last value"),
    "other case of keys": (f"{BANK}.jsonl", GOOD.decode().replace("input", " Input"), "' Input' is now called input"),
    "keys not used": (f"{BANK}.jsonl", GOOD.decode().replace("{", '{"id": 1, '), "'id' was removed"),
    "a key twice": (f"{BANK}.jsonl", GOOD + b'{"input": "a", "input": "a", "output": "b"}\n', "removed once. (21,)"),
    "an empty row": (
        f"{BANK}.jsonl",
        GOOD + b'{"input": "", "output": " "}\n',
        "without any text were removed. (21,)",
    ),
    "a tab in a text": (f"{BANK}.jsonl", GOOD + b'{"input": "a\tb", "output": "c"}\n', "were escaped. (21,)"),
    "semicolons": (f"{BANK}.csv", "input;output\n" + 'a;"b;c"\n' * 12, "separated by semicolons"),
    "other case of columns": (f"{BANK}.csv", "INPUT,Output\n" + "a,b\n" * 12, "'INPUT' is now called input"),
    "an ending in capitals": (f"{BANK}.JSONL", GOOD, "it was 'cls-en-bank-intents.JSONL'"),
    "a name in capitals": ("CLS_en_Bank intents.jsonl", GOOD, "it was 'CLS_en_Bank intents.jsonl'"),
    "a second copy": (f"{BANK} (1).jsonl", GOOD, "Renamed"),
    "an editor's ending": (f"{BANK}.jsonl.txt", GOOD, "Renamed"),
}


@pytest.mark.parametrize("case", MENDED)
def test_what_is_mended_passes_the_check_and_is_told(fixer: Fixer, case: str) -> None:
    name, content, change = MENDED[case]
    fixed = fixer(name, content)
    assert change in told(fixed)
    assert fixed.remaining.accepted
    assert fixed.corrections[0].name == f"{BANK}.jsonl"
    assert [file.name for file in fixer.into.iterdir()] == [f"{BANK}.jsonl"]
    again = repair_sources([fixer.into], TASKS, into=_empty(fixer), track=TRACK)
    assert again.corrections == ()


def _empty(fixer: Fixer) -> Path:
    folder = fixer.into.with_name("again")
    folder.mkdir()
    return folder


LEFT_ALONE = {
    "latin-1": (f"{BANK}.jsonl", GOOD + '{"input": "é", "output": "ü"}\n'.encode("latin-1")),
    "another letter in the id": ("cls-er-sarcasm.jsonl", GOOD),
    "columns of other names": (f"{BANK}.csv", "question,answer\n" + "a,b\n" * 12),
    "a record with too many cells": (f"{BANK}.csv", "Input,output\na,b,c\n"),
    "a number for a text": (f"{BANK}.jsonl", GOOD + b'{"input": "a", "output": 1}\n'),
    "null": (f"{BANK}.jsonl", GOOD + b'{"input": "a", "output": null}\n'),
    "half a row": (f"{BANK}.jsonl", GOOD + b'{"input": "a", "output": ""}\n'),
    "a key twice with two values": (f"{BANK}.jsonl", GOOD + b'{"input": "a", "input": "b", "output": "c"}\n'),
    "half a surrogate pair": (f"{BANK}.jsonl", GOOD + b'{"input": "\\ud800", "output": "c"}\n'),
    "an array that is cut off": (f"{BANK}.json", json.dumps(ROWS)[:-20]),
    "JSON without an end to its depth": (f"{BANK}.jsonl", GOOD + b"[" * 100_000 + b"\n"),
    "a line without an end": (f"{BANK}.jsonl", GOOD + b'{"input": "' + b"x" * 3_000_000),
    "nothing at all": (f"{BANK}.jsonl", b""),
}


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_what_would_be_a_guess_is_left_alone(fixer: Fixer, case: str) -> None:
    fixed = fixer(*LEFT_ALONE[case])
    assert fixed.corrections == ()
    assert not fixed.remaining.accepted
    assert list(fixer.into.iterdir()) == []


def test_a_sound_delivery_is_left_alone(fixer: Fixer) -> None:
    fixed = fixer(f"{BANK}.jsonl", GOOD)
    assert fixed.corrections == ()
    assert fixed.remaining.accepted
    assert list(fixer.into.iterdir()) == []


def test_rows_that_cannot_be_mended_stay_and_are_named(fixer: Fixer) -> None:
    bad = '{"input": 5, "output": "x", "Extra": [1, 2]}'
    fixed = fixer(f"{BANK}.jsonl", GOOD.decode().replace("input", "Input") + bad + "\nnot JSON\n")
    assert [problem.line for problem in fixed.remaining.errors] == [21, 22]
    assert (fixer.into / f"{BANK}.jsonl").read_text().splitlines()[-2:] == [bad, "not JSON"]
    assert (
        fixer.into.joinpath(f"{BANK}.jsonl").read_text().splitlines()[0] == '{"input":"question 0","output":"answer 0"}'
    )


def test_texts_are_kept_to_the_letter(fixer: Fixer) -> None:
    odd = {"input": "  a\u2028b\r\nc\u200f\u202e {x}, ", "output": '\u0007 é 🧙‍♀️ \\ " </script>'}
    rows = [*ROWS, odd]
    fixer(f"{BANK}.jsonl", json.dumps(rows, ensure_ascii=False))
    assert fixer.rows() == rows


def test_more_rows_than_allowed_are_cut_to_those_that_count(tmp_path: Path) -> None:
    fixer = Fixer(tmp_path)
    small = limit_rows(row_limit=15, max_rows=12)
    (fixer.delivered / f"{BANK}.jsonl").write_bytes(GOOD)
    fixed = repair_sources([fixer.delivered], TASKS, into=fixer.into, track=small)
    assert "Cut after the first 12 rows" in told(fixed)
    assert fixer.rows() == ROWS[:12]


def test_files_without_a_fault_come_along(fixer: Fixer) -> None:
    (fixer.delivered / f"{SARCASM}.csv").write_text("input,output\n" + "a,b\n" * 12)
    (fixer.delivered / "no-such-task.jsonl").write_bytes(GOOD)
    fixed = fixer(f"{BANK}.jsonl", codecs.BOM_UTF8 + GOOD)
    assert sorted(file.name for file in fixer.into.iterdir()) == [
        f"{SARCASM}.csv", f"{BANK}.jsonl", "no-such-task.jsonl",
    ]  # fmt: skip
    assert [problem.file for problem in fixed.remaining.errors] == ["no-such-task.jsonl"]


def test_two_files_for_one_task_are_not_ours_to_choose_from(fixer: Fixer) -> None:
    (fixer.delivered / f"{BANK} (1).jsonl").write_bytes(GOOD)
    assert fixer(f"{BANK}.jsonl", codecs.BOM_UTF8 + GOOD).corrections == ()


def test_what_was_not_opened_does_not_seem_mended(fixer: Fixer, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (fixer.delivered / f"{SARCASM}.jsonl").symlink_to(tmp_path / "secret")
    fixed = fixer(f"{BANK}.jsonl", codecs.BOM_UTF8 + GOOD)
    assert not fixed.remaining.accepted
    assert [file.name for file in fixer.into.iterdir()] == [f"{BANK}.jsonl"]


def test_hostile_names_in_a_zip_stay_inside_the_folder(fixer: Fixer, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("é" * 300 + ".jsonl", "../../x.jsonl", "a\nb.jsonl", f"{BANK}.jsonl"):
            archive.writestr(name, codecs.BOM_UTF8 + GOOD)
    fixed = repair_sources([tmp_path / "all.zip"], TASKS, into=fixer.into, track=TRACK)
    assert len(fixed.remaining.errors) == 3
    assert {file.parent for file in fixer.into.iterdir()} == {fixer.into}


REAL = {
    "120000-tiny-rows.jsonl": "Cut after the first 1,000 rows",
    "crlf-line-ends.jsonl": "CR LF",
    "json-array-not-jsonl.jsonl": "one JSON array",
    "utf8-bom.jsonl": "byte order mark",
}


@pytest.mark.integration
def test_of_the_real_malformed_files_those_are_mended(malformed: Path, tmp_path: Path) -> None:
    found = {}
    for number, file in enumerate(sorted(malformed.iterdir())):
        if file.suffix == ".md":
            continue
        (tmp_path / str(number)).mkdir()
        fixer = Fixer(tmp_path / str(number))
        name = file.name.rpartition("__")[2] if "__" in file.name else BANK + file.suffix
        shutil.copyfile(file, fixer.delivered / name)
        fixed = repair_sources([fixer.delivered], TASKS, into=fixer.into, track=TRACK)
        if fixed.corrections:
            assert fixed.remaining.accepted
            found[file.name] = told(fixed)
    assert found.keys() == REAL.keys()
    assert all(change in found[name] for name, change in REAL.items())
