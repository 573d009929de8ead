"""Damaged files of every format: each gets a verdict within the limits, by check and repair."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from submissions.check_process.delivery_check import DeliveryCheck
from submissions.checking.file_names import parse_data_name
from submissions.checking.hub_datasets import parse_hub_datasets
from submissions.errors import InvalidFile
from submissions.records.check_report import Report
from submissions.records.task import Row
from submissions.repair.repair import RepairResult
from submissions.storage.codec import parse_lines
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.mutations import damaged_files
from tests.support.parquet_attacks import encode_table, encrypt_table
from tests.support.submission_inputs import GOOD

TRACK = TRACKS["dataset_research"]
TASK = make_task("one", "text_classification")
ROWS = [{"input": f"question {n}, \u00e9\U0001f600", "output": f'an "answer" {n % 3}'} for n in range(12)]
BATCH = 20
"""Damaged files of one process."""
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a failure is not made smaller: that takes minutes
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example),
)


def write_csv() -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["input", "output"])
    writer.writeheader()
    writer.writerows([*ROWS, {"input": "a\nb", "output": 'c,"d"'}])
    return text.getvalue().encode()


def write_zip(method: int, names: tuple[str, ...] = ("one.jsonl",)) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name in names:
            with archive.open(name, "w", force_zip64=name.startswith("folder")) as file:
                file.write(GOOD)
    return target.getvalue()


def write_metadata() -> bytes:
    texts = dict.fromkeys(("introduction", "task", "question", "domain", "input", "output", "source"), "text")
    example = {"input": "a", "output": "b"}
    return json.dumps({"task": "one", "metadata": {**texts, "example": example, "samples_count": 5}}).encode() + b"\n"


@cache
def make_seeds(name: str) -> list[bytes]:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    if name == "one.jsonl":
        return [GOOD, lines, b"\xef\xbb\xbf" + lines.replace(b"\n", b"\r\n"), lines.decode().encode("utf-16")]
    if name == "one.json":
        return [json.dumps(ROWS).encode(), json.dumps(ROWS, indent=1).encode(), lines]
    if name == "object.json":  # one object, or objects over several lines, under the name of an array
        return ["\n".join(json.dumps(row, indent=1) for row in ROWS).encode(), json.dumps(ROWS[0]).encode()]
    if name == "one.csv":
        return [write_csv(), write_csv().replace(b",", b";"), write_csv().replace(b",", b"\t")]
    if name == "one.parquet":
        return [
            *(encode_table(compression=codec) for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4")),
            encode_table(use_dictionary=False, column_encoding={"input": "DELTA_BYTE_ARRAY", "output": "PLAIN"}),
            encode_table(use_dictionary=False, column_encoding="DELTA_LENGTH_BYTE_ARRAY", row_group_size=5),
            encode_table(data_page_version="2.0", data_page_size=64, write_page_checksum=True),
            encrypt_table(has_plain_footer=True),
        ]
    if name == "delivered.zip":
        return [
            write_zip(zipfile.ZIP_STORED),
            write_zip(zipfile.ZIP_DEFLATED, ("one.jsonl", "README.md")),
            write_zip(zipfile.ZIP_DEFLATED, ("folder/one.jsonl",)),
        ]
    return [write_metadata()]


FORMATS = ("one.jsonl", "one.json", "object.json", "one.csv", "one.parquet", "delivered.zip", "metadata.jsonl")


@pytest.mark.integration
@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_gets_a_verdict(name: str, count: int) -> None:
    readings: list[DeliveryCheck] = []

    @settings(SETTINGS, max_examples=count)
    @given(content=damaged_files(make_seeds(name)))
    def check_one(content: bytes) -> None:
        if len(readings) % BATCH == 0:  # a process for each file would take minutes
            for reading in readings[-1:]:
                reading.close()
            process = DeliveryCheck()
        else:
            process = readings[-1]
        readings.append(process)
        check_and_repair(process, name.replace("object.json", "one.json"), content)

    try:
        check_one()
    finally:
        readings[-1].close()
    assert len(readings) >= count // 2  # hypothesis stops early if it can draw nothing new


def check_and_repair(reading: DeliveryCheck, name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder, into, fixed = (Path(temporary, part) for part in ("delivered", "into", "fixed"))
        for path in (folder, into, fixed):
            path.mkdir()
        (folder / name).write_bytes(content)
        if name == "metadata.jsonl":
            (folder / "one.jsonl").write_bytes(GOOD)
        sources = [folder / name] if name.endswith(".zip") else [folder]
        report = reading.check_sources(sources, [TASK], into=into, track=TRACK)
        require_verdict(report, into)
        repaired = reading.repair_sources(sources, [TASK], into=fixed, track=TRACK)
        assert RepairResult.model_validate_json(repaired.model_dump_json()) == repaired
        assert bool(repaired.corrections) == any(fixed.iterdir())


def require_verdict(report: Report, into: Path) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert report.accepted or report.errors
    stored = {file.name: file.read_bytes() for file in into.iterdir()}
    assert {f"{file.task}.jsonl": file.bytes for file in report.files} == {
        name: len(content) for name, content in stored.items() if name != "metadata.jsonl"
    }
    for file in report.files:
        assert len(parse_lines(file.path, stored[f"{file.task}.jsonl"], Row)) == file.rows


@settings(SETTINGS, max_examples=200)
@given(text=st.text() | st.from_regex(r"([a-z-]+ = )?(hf://datasets/)?\w+/\w+(@\w+)?(/.*)?"))
def test_names_of_data_sets_are_read_or_refused(text: str) -> None:
    try:
        datasets = parse_hub_datasets(text)
    except InvalidFile:
        return
    assert all(".." not in one.path.split("/") and not one.path.startswith("/") for one in datasets)


@settings(SETTINGS, max_examples=200)
@given(text=st.text() | st.from_regex(r".{0,140}\.(jsonl|JSON|csv)"))
def test_file_names_are_read_or_refused(text: str) -> None:
    try:
        name = parse_data_name(text)
    except InvalidFile:
        return
    assert f"{name.task}.{name.ending}" == text
