"""What the check sees in files of common faults, and what `fix` makes of them."""

from __future__ import annotations

import codecs
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from submissions.repair.repair import repair_sources
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.submission_inputs import BANK, SARCASM, Checker

TRACK = TRACKS["dataset_research"]
TASKS = [make_task(BANK, "text_classification"), make_task(SARCASM, "text_classification")]
ROWS = [{"input": f"question {n} é", "output": f"answer {n}"} for n in range(12)]
LINES = [json.dumps(row, ensure_ascii=False) for row in ROWS]
JSONL = "\n".join(LINES) + "\n"
CSV_ROWS = "".join(f"question {n} é,answer {n}\n" for n in range(12))
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 48213\n"
PAGE = "<html><head><title>Log in &amp; go</title></head></html>"
LONG = "x" * 190_000
PANDAS = {key: {str(n): row[key] for n, row in enumerate(ROWS)} for key in ("input", "output")}
VIEWER = {"features": [], "rows": [{"row_idx": n, "row": row} for n, row in enumerate(ROWS)], "partial": False}
SPLIT = {"columns": ["output", "input"], "index": [0], "data": [[row["output"], row["input"]] for row in ROWS]}

REPAIRABLE: dict[str, tuple[str, str | bytes, str]] = {
    "CR alone": (f"{BANK}.jsonl", "\r".join(LINES), "12 rows, one behind the other, with a CR without LF"),
    "CR alone, much": (f"{BANK}.jsonl", "\r".join(LINES * 5000), "with a CR without LF between them"),
    "CR among LF": (f"{BANK}.jsonl", "\n".join(LINES[:6]) + "\r" + "\n".join(LINES[6:]), "2 rows, one behind"),
    "glued": (f"{BANK}.jsonl", "".join(LINES), "one behind the other; the second begins at column"),
    "glued by a blank": (f"{BANK}.jsonl", " ".join(LINES), "one behind the other; the second begins at column"),
    "glued by commas": (f"{BANK}.jsonl", ", ".join(LINES), "with a comma between them"),
    "glued, much": (f"{BANK}.jsonl", "".join(LINES * 5000), "several rows, one behind the other"),
    "spelled line breaks": (f"{BANK}.jsonl", "\\n".join(LINES), "a line break that is spelled as \\n"),
    "a spelled line break at the end": (f"{BANK}.jsonl", "\\r\\n\n".join(LINES), "spelled as \\n beside the row"),
    "record separators": (f"{BANK}.jsonl", "".join(f"\x1e{line}\n" for line in LINES), "a record separator beside"),
    "rows over lines": (f"{BANK}.jsonl", JSONL.replace(', "out', ',\n"out'), "The row runs over 2 lines"),
    "indented rows": (f"{BANK}.jsonl", "\n".join(json.dumps(row, indent=2) for row in ROWS), "runs over 4 lines"),
    "a mark in the middle": (f"{BANK}.jsonl", f"{JSONL}\ufeff{LINES[0]}\n", "a byte order mark beside the row"),
    "rows in a text": (f"{BANK}.jsonl", "".join(json.dumps(line) + "\n" for line in LINES), "encoded twice"),
    "UTF-16 without a mark": (f"{BANK}.jsonl", JSONL.encode("utf-16-be"), "UTF-16 text without a byte order mark"),
    "UTF-32 without a mark": (f"{BANK}.csv", f"input,output\n{CSV_ROWS}".encode("utf-32-le"), "UTF-32 text without"),
    "UTF-32": (f"{BANK}.json", json.dumps(ROWS).encode("utf-32"), "UTF-32 text, not UTF-8"),
    "columns": (f"{BANK}.json", json.dumps({k: [r[k] for r in ROWS] for k in ROWS[0]}), "12 rows are written column"),
    "columns in lines": (f"{BANK}.jsonl", json.dumps({k: [r[k] for r in ROWS] for k in ROWS[0]}), "column by column"),
    "columns of pandas": (f"{BANK}.json", json.dumps(PANDAS, indent=1), "12 rows are written column by column"),
    "split": (f"{BANK}.json", json.dumps(SPLIT), "a list of columns and a list of cells"),
    "index": (f"{BANK}.json", json.dumps({str(n): row for n, row in enumerate(ROWS)}), "each row under a label"),
    "wrapped": (f"{BANK}.json", json.dumps({"version": 2, "data": ROWS}), "under the key 'data'"),
    "wrapped by a viewer": (f"{BANK}.jsonl", json.dumps(VIEWER), "under the key 'rows'"),
    "Alpaca": (f"{BANK}.jsonl", JSONL.replace('"input"', '"input": "", "instruction"'), "Alpaca format"),
    "Alpaca without input": (f"{BANK}.jsonl", JSONL.replace('"input"', '"Instruction"'), "Alpaca format"),
    "Alpaca in a table": (f"{BANK}.csv", f"instruction,output\n{CSV_ROWS}", "Alpaca format"),
    "sep line": (f"{BANK}.csv", f"sep=;\r\ninput;output\r\n{CSV_ROWS}".replace(",", ";"), "'sep=;', which only Excel"),
    "sep line with commas": (f"{BANK}.csv", f'"sep=,"\ninput,output\n{CSV_ROWS}', "only Excel reads"),
    "tabs": (f"{BANK}.csv", f"input,output\n{CSV_ROWS}".replace(",", "\t"), "separated by tabs"),
    "bars": (f"{BANK}.csv", f"input,output\n{CSV_ROWS}".replace(",", "|"), "separated by vertical bars"),
    "header again": (f"{BANK}.csv", f"input,output\n{CSV_ROWS}input,output\n", "header is repeated here"),
    "mark and header again": (f"{BANK}.csv", f"input,output\n{CSV_ROWS}\ufeffinput,output\n", "byte order mark"),
    "another hyphen": (f"{BANK.replace('-', chr(0x2011))}.jsonl", JSONL, "U+2011 (NON-BREAKING HYPHEN) for -"),
    "full width": ("ｃｌｓ－ｅｎ－ｂａｎｋ－ｉｎｔｅｎｔｓ．ｊｓｏｎｌ", JSONL, "FULLWIDTH LATIN SMALL LETTER C) for"),
    "Cyrillic": (f"{BANK.replace('c', 'с')}.jsonl", JSONL, "CYRILLIC SMALL LETTER ES) for c"),
    "zero width": (f"{BANK}\u200b.jsonl", JSONL, "U+200B (ZERO WIDTH SPACE), which shows nothing"),
    "no-break blanks": (f"{BANK.replace('-', chr(0xA0))}.jsonl", JSONL, "U+00A0 (NO-BREAK SPACE) for a blank"),
    "trailing blank": (f"{BANK}.jsonl ", JSONL, "begins or ends with a blank"),
    "copy of": (f"Copy of {BANK}.jsonl", JSONL, "marked as a copy"),
    "a copy's number": (f"{BANK}(2).jsonl", JSONL, "marked as a copy"),
    "two endings": (f"{BANK}.json.jsonl", JSONL, "no task"),
    "ndjson": (f"{BANK}.ndjson", JSONL, "not a data file"),
}  # fmt: skip

BEYOND_REPAIR: dict[str, tuple[str, str | bytes, str]] = {
    "git-lfs": (f"{BANK}.jsonl", LFS, "a git-lfs pointer to the data of 48,213 bytes"),
    "git-lfs, CSV": (f"{BANK}.csv", "\ufeff" + LFS.replace("\n", "\r\n"), "a git-lfs pointer"),
    "git-lfs, JSON": (f"{BANK}.json", LFS, "a git-lfs pointer"),
    "git-lfs, Parquet": (f"{BANK}.parquet", LFS, "a git-lfs pointer"),
    "Xet": (f"{BANK}.parquet", "# xet version 0\nfilesize = 99\nhash = '00'\n", "git-xet pointer to the data of 99"),
    "annex": (f"{BANK}.jsonl", "/annex/objects/SHA256E-s9--00.jsonl\n", "a git-annex pointer"),
    "a link of the Hub's cache": (f"{BANK}.jsonl", f"../../blobs/{'0a' * 32}", "a Hub cache pointer"),
    "DVC": (f"{BANK}.csv", "outs:\n- md5: 00\n  path: x.csv\n", "a DVC pointer"),
    "page": (f"{BANK}.jsonl", PAGE, "a web page ('Log in &amp; go')"),
    "page after blanks": (f"{BANK}.json", f"\ufeff\n\n  <!-- a -->\n<!DOCTYPE html>{PAGE}", "a web page"),
    "XHTML": (f"{BANK}.csv", f'<?xml version="1.0"?>\n<!DOCTYPE html>{PAGE}', "a web page"),
    "page as Parquet": (f"{BANK}.parquet", PAGE, "a web page"),
    "storage error": (f"{BANK}.jsonl", '<?xml version="1.0"?><Error><Message>No</Message></Error>', "XML ('No')"),
    "JSON error": (f"{BANK}.jsonl", '{"error": "Repository not found"}', "error message ('Repository not found')"),
    "indented JSON error": (f"{BANK}.json", '{\n "message": "Bad",\n "status": 401\n}\n', "error message ('Bad')"),
    "plain error": (f"{BANK}.csv", "404: Not Found", "error message ('404: Not Found')"),
    "zeros": (f"{BANK}.jsonl", bytes(5000), "5,000 NUL bytes and nothing else"),
    "zeros at the start": (f"{BANK}.csv", bytes(100) + b"input,output\n", "begins with 100 NUL bytes"),
    "zeros in the middle": (f"{BANK}.jsonl", JSONL.encode() + bytes(7) + b"\n" + LINES[0].encode(), "7 NUL bytes at"),
    "zeros at the end": (f"{BANK}.csv", f"input,output\n{CSV_ROWS}".encode() + bytes(4096), "4,096 NUL bytes at"),
    "zeros in an array": (f"{BANK}.json", json.dumps(ROWS).encode().replace(b"ques", bytes(4), 1), "4 NUL bytes"),
    "PDF": (f"{BANK}.csv", "%PDF-1.7\n", "PDF, despite its name"),
    "chat": (f"{BANK}.jsonl", '{"messages": [{"role": "user", "content": "a"}]}', "a chat, under the key 'messages'"),
    "ShareGPT": (f"{BANK}.json", '[{"conversations": [{"from": "human", "value": "a"}]}]', "key 'conversations'"),
    "Python's rows": (f"{BANK}.jsonl", "{'input': 'a', 'output': 'b'}\n", "single quotes"),
    "latin-1": (f"{BANK}.jsonl", JSONL.encode("latin-1"), "not UTF-8 (in Windows-1252 it would be é)"),
    "two tables in one": (f"{BANK}.json", json.dumps({"train": ROWS, "test": ROWS}), "one object (its keys: 'train'"),
    "columns of two lengths": (f"{BANK}.json", '{"input": ["a", "b"], "output": ["c"]}', "one object (its keys"),
    "cut off": (f"{BANK}.jsonl", JSONL[:-9], "cut off"),
    "another letter": ("сss-en-bank-intents.jsonl", JSONL, "U+0441"),
}  # fmt: skip


def encoded(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@pytest.mark.parametrize("case", REPAIRABLE)
def test_the_check_names_what_fix_repairs(checker: Checker, tmp_path: Path, case: str) -> None:
    name, content, what = REPAIRABLE[case]
    report = checker.file(name, encoded(content))
    assert not report.accepted
    assert what in " ".join(problem.what for problem in report.errors)
    into, again = tmp_path / "fixed", tmp_path / "again"
    into.mkdir()
    again.mkdir()
    fixed = repair_sources([checker.folder], TASKS, into=into, track=TRACK, report=report)
    assert fixed.remaining.accepted, fixed.remaining.errors
    rows = [json.loads(line) for line in (into / f"{BANK}.jsonl").read_text().splitlines()]
    assert rows[:12] == ROWS
    assert repair_sources([into], TASKS, into=again, track=TRACK).corrections == ()


@pytest.mark.parametrize("case", BEYOND_REPAIR)
def test_the_check_names_what_only_the_submitter_can_replace(checker: Checker, tmp_path: Path, case: str) -> None:
    name, content, what = BEYOND_REPAIR[case]
    report = checker.file(name, encoded(content))
    assert not report.accepted
    assert what in report.errors[0].what
    assert "`fix` does." not in report.errors[0].fix
    into = tmp_path / "fixed"
    into.mkdir()
    fixed = repair_sources([checker.folder], TASKS, into=into, track=TRACK)
    assert not fixed.remaining.accepted


def test_a_pointer_is_named_for_a_zip_and_for_descriptions(checker: Checker) -> None:
    (checker.folder / "metadata.jsonl").write_text(LFS)
    report = checker.file(f"{BANK}.jsonl", JSONL.encode())
    assert [problem.file for problem in report.errors] == ["metadata.jsonl"]
    assert "git-lfs pointer" in report.errors[0].what
    packed = checker.folder.parent / "all.zip"
    packed.write_text(LFS)
    assert "git-lfs pointer" in checker(packed).errors[0].what


def test_an_instruction_and_an_input_are_joined_with_a_blank_line(checker: Checker, tmp_path: Path) -> None:
    rows = [{"instruction": "Which intent?", "input": f"text {n}", "output": "late", "id": n} for n in range(12)]
    report = checker.file(f"{BANK}.jsonl", "\n".join(map(json.dumps, rows)).encode())
    assert "an instruction beside its input" in report.errors[0].what
    into = tmp_path / "fixed"
    into.mkdir()
    fixed = repair_sources([checker.folder], TASKS, into=into, track=TRACK)
    changes = [change.what for change in fixed.corrections[0].changes]
    assert changes == [
        "The instruction and the input were joined, with a blank line between them.",
        "'id' was removed: it is not used.",
    ]
    first = json.loads((into / f"{BANK}.jsonl").read_text().splitlines()[0])
    assert first == {"input": "Which intent?\n\ntext 0", "output": "late"}


def test_a_parquet_column_of_instructions_is_refused(checker: Checker) -> None:
    table = io.BytesIO()
    pq.write_table(pa.table({"instruction": ["a"], "input": ["b"], "output": ["c"]}), table)
    assert "a column instruction" in checker.file(f"{BANK}.parquet", table.getvalue()).errors[0].what


INVISIBLE = ["\u200b", "\u2800\u2800", "\u3164", "\u115f\u1160", "\u00ad", "\u00a0\u3000", "\ufe0f", "\U000e0061",
             "\u2060\ufeff", "\u202e", "\uffa0", "\u034f", "\u0085", "\x1f"]  # fmt: skip


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_a_text_that_shows_nothing_is_empty(checker: Checker, text: str) -> None:
    rows = JSONL + json.dumps({"input": "a", "output": text}) + "\n" + json.dumps({"input": text, "output": "a"})
    errors = checker.file(f"{BANK}.jsonl", rows.encode()).errors
    assert [(problem.line, problem.what.split(":")[0].rstrip(".")) for problem in errors] == [
        (13, "The output is empty"), (14, "The input is empty"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["👩\u200d🔬", "می\u200cخواهم", "a\u00adb", "§", "\u0301a", "!", "؟"])
def test_a_text_with_an_invisible_character_among_others_is_taken(checker: Checker, text: str) -> None:
    rows = JSONL + json.dumps({"input": "a", "output": text})
    assert checker.file(f"{BANK}.jsonl", rows.encode()).accepted


DAMAGED = {
    "Café für Ärzte".encode().decode("latin-1"): "'Ã©' for 'é'",
    "“naïve”".encode().decode("cp1252", errors="replace").replace("\ufffd", "\x9d"): "for '“'",
    "приветы".encode().decode("cp1251"): "for 'приветы'",
    "caf\ufffd": "'caf\ufffd 0'",
    "锟斤拷烫": "锟斤拷",
}


@pytest.mark.parametrize("text", DAMAGED, ids=ascii)
def test_texts_damaged_throughout_are_a_warning_with_an_example(checker: Checker, text: str) -> None:
    rows = [{"input": f"question {n}", "output": f"{text} {n}"} for n in range(12)]
    report = checker.file(f"{BANK}.jsonl", "\n".join(map(json.dumps, rows)).encode())
    assert report.accepted
    assert [
        problem.what for problem in report.warnings if "12 of 12 rows" in problem.what and DAMAGED[text] in problem.what
    ]


@pytest.mark.parametrize(
    "text", ["Ça va, ÉTÉ à Noël", "Річка Сіль", "ЦЕНТР» «ТУРС»", "Ñandú ¿qué?", "Ö“ — ‚ß‘", "日本語", "√2·π"]
)
def test_sound_texts_are_no_damage(checker: Checker, text: str) -> None:
    rows = [{"input": f"question {n}", "output": f"{text} {n}"} for n in range(12)]
    assert not checker.file(f"{BANK}.jsonl", "\n".join(map(json.dumps, rows)).encode()).warnings


def test_one_damaged_row_of_many_may_be_meant(checker: Checker) -> None:
    rows = [{"input": f"question {n}", "output": "\ufffd" if n == 1 else "a"} for n in range(40)]
    assert not [
        p
        for p in checker.file(f"{BANK}.jsonl", "\n".join(map(json.dumps, rows)).encode()).warnings
        if "U+FFFD" in p.what
    ]


def test_marks_at_the_start_stay_a_warning(checker: Checker) -> None:
    report = checker.file(f"{BANK}.csv", codecs.BOM_UTF8 + f"input,output\r{CSV_ROWS}".encode().replace(b"\n", b"\r"))
    assert report.accepted
    assert report.files[0].rows == 12
