"""Attacks by what a folder or zip holds: links, pipes, names, bombs. None may be followed, opened or unpacked."""

from __future__ import annotations

import io
import os
import random
import stat
import zipfile
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from unittest import mock

import pytest

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.records.check_report import Report
from tests.support.submission_inputs import BANK, GOOD, SARCASM, Checker, error_places

NAME = f"{BANK}.jsonl"
SECRET = b'{"input": "hidden", "output": "reference"}\n'


def zipped(checker: Checker, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Report:
    target = checker.folder / "delivered.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return checker(target)


def patched(checker: Checker, change: Callable[[bytes], bytes], content: bytes = GOOD) -> Report:
    zipped(checker, (NAME, content))
    target = checker.folder / "delivered.zip"
    target.write_bytes(change(target.read_bytes()))
    return checker(target)


def refused(report: Report, file: str, what: str) -> None:
    assert error_places(report) == [(file, None)], report.problems
    assert what in report.errors[0].what
    assert not report.accepted


@pytest.mark.parametrize("target", ["/etc/passwd", "../reference.jsonl", NAME])
def test_a_symbolic_link_is_never_followed(checker: Checker, target: str) -> None:
    (checker.folder.parent / "reference.jsonl").write_bytes(SECRET)
    (checker.folder / NAME).symlink_to(target)
    refused(checker(), NAME, "symbolic link")
    refused(checker(checker.folder / NAME), NAME, "symbolic link")
    assert list(checker.into.iterdir()) == []


def test_a_link_to_a_folder_is_not_followed(checker: Checker) -> None:
    references = checker.folder.parent / "references"
    references.mkdir()
    (references / NAME).write_bytes(SECRET)
    (checker.folder / "data").symlink_to(references)
    refused(checker(), "data", "symbolic link")


def test_a_hard_link_is_refused(checker: Checker) -> None:
    (checker.folder.parent / "reference.jsonl").write_bytes(SECRET)
    (checker.folder / NAME).hardlink_to(checker.folder.parent / "reference.jsonl")
    refused(checker(), NAME, "hard link")


def test_a_pipe_is_refused_without_blocking(checker: Checker) -> None:
    os.mkfifo(checker.folder / NAME)
    refused(checker(), NAME, "pipe")
    refused(checker(checker.folder / NAME), NAME, "pipe")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_refused(checker: Checker) -> None:
    try:
        os.mknod(checker.folder / NAME, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("NO DEVICE TEST: this container may not make devices")
    refused(checker(), NAME, "device")


def test_a_folder_in_place_of_a_file_is_refused(checker: Checker) -> None:
    (checker.folder / NAME).mkdir()
    refused(checker(), NAME, "a folder, not a file")


def test_files_in_one_folder_are_taken(checker: Checker) -> None:
    (checker.folder / "data").mkdir()
    (checker.folder / "data" / NAME).write_bytes(GOOD)
    (checker.folder / "README.md").write_bytes(b"# Mine")
    assert checker().accepted
    assert zipped(checker, (f"data/{NAME}", GOOD), ("README.md", b"# Mine")).accepted


def test_files_in_two_places_are_refused(checker: Checker) -> None:
    report = zipped(checker, (f"a/{NAME}", GOOD), (f"b/{SARCASM}.jsonl", GOOD))
    assert [file for file, _ in error_places(report)] == [f"a/{NAME}", f"b/{SARCASM}.jsonl"]


def test_a_folder_in_a_folder_is_refused(checker: Checker) -> None:
    (checker.folder / "a" / "b").mkdir(parents=True)
    refused(checker(), "a/b", "nested folder")
    refused(zipped(checker, (f"a/b/c/{NAME}", GOOD)), f"a/b/c/{NAME}", "nested folder")


def test_what_is_no_data_is_passed_over_with_one_warning(checker: Checker) -> None:
    members = ("README.md", "LICENSE", "notes.md", ".DS_Store", f"__MACOSX/._{NAME}", ".git/config")
    report = zipped(checker, (NAME, GOOD), *((name, b"x") for name in members))
    assert report.accepted
    assert [problem.what[:27] for problem in report.warnings] == ["6 file(s) are not data file"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (f"{BANK}.JSONL", "not in lower case"),
        (f"{BANK}.txt", "not a data file"),
        (BANK, "not a data file"),
        ("CON.jsonl", "device on Windows"),
        ("nul.x.jsonl", "device on Windows"),
        (f"{BANK}\n.jsonl", "other characters"),
        (f"\u202e{BANK}.jsonl", "other characters"),
        (f"{BANK} .jsonl", "other characters"),
        (f"{'a' * 249}.jsonl", "has 255 characters"),
        ("données.jsonl", "other characters"),
    ],
)
def test_names_are_taken_by_an_allow_list(checker: Checker, name: str, what: str) -> None:
    for report in (checker.file(name, GOOD), zipped(checker, (name, GOOD))):
        problems = [problem for problem in report.errors if problem.file != "delivered.zip"]
        assert what in problems[0].what
        assert all(problem.file.isprintable() and len(problem.file) <= 90 for problem in problems)
        (checker.folder / name).unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (f"../../{NAME}", "leaves its folder"),
        (f"data/../{NAME}", "leaves its folder"),
        (f"/tmp/{NAME}", "absolute"),
        (f"C:{NAME}", "absolute"),
        (f"..\\{NAME}", "backslash"),
        (f"data//{NAME}", "leaves its folder, or is not plain"),
        (f"{NAME}/inner.jsonl", "is a folder, not a file"),
    ],
)
def test_member_paths_that_leave_the_zip_are_refused(checker: Checker, path: str, what: str) -> None:
    report = zipped(checker, (path, GOOD))
    assert what in report.errors[0].what
    assert list(checker.into.iterdir()) == []


def test_a_member_name_cut_off_by_nul_is_refused(checker: Checker) -> None:
    longer = NAME.replace(".jsonl", ".jsonlXa").encode()
    target = checker.folder / "delivered.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(longer.decode(), GOOD)
    target.write_bytes(target.read_bytes().replace(longer, longer.replace(b"X", b"\0")))
    assert "not plain" in checker(target).errors[0].what


def test_a_link_in_a_zip_is_refused(checker: Checker) -> None:
    link = zipfile.ZipInfo(NAME)
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(zipped(checker, (link, b"/etc/passwd")), NAME, "link or special file")


def test_an_encrypted_member_is_refused(checker: Checker) -> None:
    def encrypt(content: bytes) -> bytes:
        data = bytearray(content)
        data[content.index(b"PK\x01\x02") + 8] |= 1
        data[6] |= 1
        return bytes(data)

    refused(patched(checker, encrypt), NAME, "encrypted")


def test_a_zip_bomb_is_refused_unopened(checker: Checker) -> None:
    refused(zipped(checker, (NAME, b" " * 2**24)), NAME, "zip bombs")


def test_a_member_that_is_longer_than_it_states_is_not_read_on(checker: Checker) -> None:
    def understate(content: bytes) -> bytes:
        size = len(GOOD).to_bytes(4, "little")
        assert content.count(size) >= 2
        return content.replace(size, (10).to_bytes(4, "little"))

    refused(patched(checker, understate), NAME, "cannot be unpacked")


def test_a_zip_with_too_many_files_is_refused(checker: Checker) -> None:
    refused(zipped(checker, *((f"{n}.jsonl", b"") for n in range(10_001))), "delivered.zip", "10,001 files")


def test_a_zip_that_is_too_large_in_all_is_refused_unopened(checker: Checker) -> None:
    zipped(checker, *((f"{n}.jsonl", GOOD) for n in range(20)))
    target = checker.folder / "delivered.zip"
    head, *members = target.read_bytes().split(b"PK\x01\x02")
    large = (2**28).to_bytes(4, "little")
    target.write_bytes(b"PK\x01\x02".join([head, *(member[:20] + large + member[24:] for member in members)]))
    refused(checker(target), "delivered.zip", "5,368,709,120 bytes when unpacked")


def test_a_zip_whose_contents_table_is_huge_is_refused_before_it_is_read(checker: Checker) -> None:
    def overstate(content: bytes) -> bytes:
        at = content.rindex(b"PK\x05\x06")
        return content[: at + 12] + (2**31).to_bytes(4, "little") + content[at + 16 :]

    refused(patched(checker, overstate), "delivered.zip", "table of contents")


def test_a_zip64_contents_table_is_not_hidden_by_the_longest_comment(checker: Checker) -> None:
    whole = io.BytesIO()
    with mock.patch.object(zipfile, "ZIP_FILECOUNT_LIMIT", 0), zipfile.ZipFile(whole, "w") as archive:
        for number in range(100):
            member = zipfile.ZipInfo(f"{number}.jsonl")
            member.comment = b"c" * 60_000
            archive.writestr(member, GOOD)
        archive.comment = b"c" * 65_535
    content = bytearray(whole.getvalue())
    at = content.rindex(b"PK\x05\x06")
    assert content[at - 20 : at].startswith(b"PK\x06\x07")
    content[at + 12 : at + 16] = b"\0" * 4  # the size that counts stands in the zip64 record
    assert len(zipfile.ZipFile(io.BytesIO(content)).infolist()) == 100
    target = checker.folder / "delivered.zip"
    target.write_bytes(content)
    refused(checker(target), "delivered.zip", "table of contents")


def test_two_members_of_one_name_are_refused(checker: Checker) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        report = zipped(checker, (NAME, GOOD), (NAME, GOOD))
    refused(report, NAME, "2 files of this name")


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_zip_is_refused(checker: Checker, content: bytes) -> None:
    target = checker.folder / "delivered.zip"
    target.write_bytes(content)
    assert not checker(target).accepted


def test_damaged_zips_and_parquet_files_are_refused_or_read_but_never_crash(checker: Checker) -> None:
    pd = pytest.importorskip("pandas")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, GOOD)
    table = io.BytesIO()
    pd.DataFrame({"input": ["a", "b"] * 9, "output": ["c"] * 18}).to_parquet(table)
    chance = random.Random(0)
    for content, name in ((whole.getvalue(), "delivered.zip"), (table.getvalue(), f"{BANK}.parquet")):
        for _ in range(150):
            damaged = bytearray(content)
            for _ in range(chance.randint(1, 3)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            target = checker.folder / name
            target.write_bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])])
            report = checker(target)
            assert report.accepted or report.errors


def test_messages_never_name_where_the_files_lie(checker: Checker) -> None:
    (checker.folder / "bad name.jsonl").write_bytes(GOOD)
    (checker.folder / NAME).write_bytes(b"bad\n")
    assert str(checker.folder.parent) not in checker().model_dump_json()


def test_single_files_and_a_folder_named_by_a_link_are_taken(checker: Checker, tmp_path: Path) -> None:
    (checker.folder / NAME).write_bytes(GOOD)
    (tmp_path / "latest").symlink_to(checker.folder)
    assert checker(checker.folder / NAME).accepted
    assert checker(tmp_path / "latest").accepted


def overlapping_zip(count: int, content: bytes) -> bytes:
    """A zip whose members all are the same bytes, under names of their own."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member-00.jsonl", content)
    head, entry = target.getvalue().split(b"PK\x01\x02")
    entry, end = entry.split(b"PK\x05\x06")
    entries = [b"PK\x01\x02" + entry.replace(b"member-00", b"member-%02d" % n) for n in range(count)]
    directory = b"".join(entries)
    counts = count.to_bytes(2, "little") * 2
    place = len(directory).to_bytes(4, "little") + len(head).to_bytes(4, "little")
    return head + directory + b"PK\x05\x06" + end[:4] + counts + place + end[16:]


def test_members_that_overlap_are_refused(checker: Checker) -> None:
    target = checker.folder / "delivered.zip"
    target.write_bytes(overlapping_zip(2, GOOD))
    refused(checker(target), "delivered.zip", "overlap")


def test_a_member_that_reaches_into_the_table_of_contents_is_refused(checker: Checker) -> None:
    def lengthen(content: bytes) -> bytes:
        head, entry = content.split(b"PK\x01\x02")
        size = int.from_bytes(entry[16:20], "little") + 30
        return head + b"PK\x01\x02" + entry[:16] + size.to_bytes(4, "little") + entry[20:]

    refused(patched(checker, lengthen), "delivered.zip", "overlap its table of contents")


def test_a_zip_of_small_bombs_is_refused(checker: Checker) -> None:
    report = zipped(checker, *((f"{n}.jsonl", b" " * 2**20) for n in range(12)))
    refused(report, "delivered.zip", "more than 200 times its size")


def test_a_zip64_archive_of_common_size_is_read(checker: Checker) -> None:
    target = checker.folder / "delivered.zip"
    with (
        mock.patch.object(zipfile, "ZIP_FILECOUNT_LIMIT", 0),
        zipfile.ZipFile(target, "w") as archive,
        archive.open(NAME, "w", force_zip64=True) as member,
    ):
        member.write(GOOD)
    assert b"PK\x06\x06" in target.read_bytes()
    assert checker(target).accepted


def test_a_zip64_archive_that_states_a_huge_table_of_contents_is_refused(checker: Checker) -> None:
    target = checker.folder / "delivered.zip"
    with mock.patch.object(zipfile, "ZIP_FILECOUNT_LIMIT", 0), zipfile.ZipFile(target, "w") as archive:
        archive.writestr(NAME, GOOD)
    content = target.read_bytes()
    at = content.index(b"PK\x06\x06") + 40
    target.write_bytes(content[:at] + (2**40).to_bytes(8, "little") + content[at + 8 :])
    refused(checker(target), "delivered.zip", "table of contents")


def test_a_member_without_a_name_is_refused(checker: Checker) -> None:
    assert not zipped(checker, (zipfile.ZipInfo("\0x"), GOOD)).accepted
    report = patched(checker, lambda content: content.replace(NAME.encode(), b"\0" * len(NAME)))
    assert not report.accepted


def test_the_budget_counts_all_zips_of_a_delivery(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryBudget, "__init__", partialmethod(DeliveryBudget.__init__, limit=int(len(GOOD) * 1.5)))
    sources = []
    for name in (BANK, SARCASM):
        sources.append(checker.folder / f"{name}.zip")
        with zipfile.ZipFile(sources[-1], "w") as archive:
            archive.writestr(f"{name}.jsonl", GOOD)
    refused(checker(*sources), f"{SARCASM}.jsonl", "bytes when unpacked")
    for name in (BANK, SARCASM):
        (checker.folder / f"{name}.jsonl").write_bytes(GOOD)
    report = checker(*(checker.folder / f"{name}.jsonl" for name in (BANK, SARCASM)))
    refused(report, f"{SARCASM}.jsonl", "in stored form")
    assert "rows after the first 1,000 of a task" in report.errors[0].fix
    assert [file.name for file in checker.into.iterdir()] == [f"{BANK}.jsonl"]


def test_entries_are_counted_over_all_zips(checker: Checker) -> None:
    sources = []
    for number in range(3):
        sources.append(checker.folder / f"{number}.zip")
        with zipfile.ZipFile(sources[-1], "w") as archive:
            for member in range(4_000):
                archive.writestr(f".{member}", b"")
    report = checker(*sources)
    assert ("2.zip", None) in error_places(report)
    assert "more than 10,000 files" in report.errors[0].what


def test_a_long_report_is_cut(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("submissions.checking.check.MAX_PROBLEMS", 60)
    for name in (BANK, SARCASM):
        (checker.folder / f"{name}.jsonl").write_bytes(b"bad\n" * 40)
    report = checker()
    assert len(report.errors) == 42
    assert sum(problem.what == "And 39 more problem(s) of this file." for problem in report.errors) == 1
