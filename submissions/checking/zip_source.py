"""Members of an untrusted zip, unpacked one at a time, within limits that do not rely on its headers."""

from __future__ import annotations

import errno
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO

from submissions.checking.delivery_budget import DeliveryBudget
from submissions.checking.limits import MAX_COMPRESSION_RATIO, MAX_DELIVERY_BYTES, MAX_ENTRIES, is_bomb
from submissions.checking.problem_list import escape_text
from submissions.checking.source_file import SourceFile
from submissions.errors import InvalidFile

_CHUNK = 2**20
_DIRECTORY_BYTES = 512 * MAX_ENTRIES
_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Signature, and the lengths of the name and of the extra field that follow the header."""
_END64 = struct.Struct("<4s36xQ8x")
"""Signature of the zip64 end record, and the size of the table of contents."""
_DAMAGED = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, struct.error, zlib.error)
"""Errors that the zipfile module raises for a damaged zip."""
_ZIP_FIX = "Make the zip again with an ordinary tool, or deliver the files themselves."
_BOMB = f"unpacks to more than {MAX_COMPRESSION_RATIO} times its size, as zip bombs do."


def list_members(file: IO[bytes], max_file_bytes: int, budget: DeliveryBudget, stack: ExitStack) -> list[SourceFile]:
    """Return the members of a zip, which stays open as long as the stack. Raises InvalidFile for the whole zip."""
    _check_directory_size(file)
    with _translate_zip_errors("The zip cannot be read"):
        archive = stack.enter_context(zipfile.ZipFile(file))
        members = archive.infolist()
        if len(members) > MAX_ENTRIES:
            raise InvalidFile(
                f"The zip has {len(members):,} files, more than {MAX_ENTRIES:,}.", "Remove files that are not data."
            )
        budget.count_entries(len(members))
        _check_overlap(file, members, archive.start_dir)
    total = sum(member.file_size for member in members)
    if total > MAX_DELIVERY_BYTES:
        raise InvalidFile(f"The zip has {total:,} bytes when unpacked, more than {MAX_DELIVERY_BYTES:,}.", budget.fix)
    # `filename` ends at a NUL byte; `orig_filename` has the full name.
    names = Counter(member.orig_filename for member in members)
    members = list({member.orig_filename: member for member in members}.values())
    faults = [_find_member_fault(member, names[member.orig_filename], max_file_bytes, budget.fix) for member in members]
    usable = sum(member.file_size for member, fault in zip(members, faults, strict=True) if fault is None)
    if is_bomb(usable, file.seek(0, 2)):
        raise InvalidFile(f"The zip {_BOMB}", _ZIP_FIX)
    return [
        SourceFile(
            path=member.orig_filename,
            open=partial(_extract_member, archive, member, budget),
            unfit=fault,
            folder=member.filename.endswith("/"),  # is_dir fails for an empty name
        )
        for member, fault in zip(members, faults, strict=True)
    ]


def _check_overlap(file: IO[bytes], members: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Require that no two members, nor a member and the table of contents, share bytes. Raises InvalidFile."""
    free = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        file.seek(member.header_offset)
        signature, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile("a file is not where the table of contents says")
        if member.header_offset < free:
            raise InvalidFile("Files in the zip overlap, as in zip bombs.", _ZIP_FIX)
        free = member.header_offset + _LOCAL_HEADER.size + name + extra + member.compress_size
    if free > directory:
        raise InvalidFile("Files in the zip overlap its table of contents.", _ZIP_FIX)


def _find_member_fault(member: zipfile.ZipInfo, count: int, max_file_bytes: int, size_fix: str) -> InvalidFile | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return InvalidFile("It is a link or special file, not a plain file.", "Put the file itself into the zip.")
    if count > 1:
        return InvalidFile(f"The zip has {count} files of this name.", "Keep one of them: make the zip again.")
    if member.flag_bits & 1:
        return InvalidFile("It is encrypted.", "Make the zip without a password.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return InvalidFile("It uses a compression method other than deflate.", _ZIP_FIX)
    if member.file_size > max_file_bytes:
        return InvalidFile(f"It has {member.file_size:,} bytes, more than {max_file_bytes:,}.", size_fix)
    if is_bomb(member.file_size, member.compress_size):
        return InvalidFile(f"It {_BOMB}", _ZIP_FIX)
    return None


def _extract_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: DeliveryBudget) -> IO[bytes]:
    """Extract a member to an unnamed temporary file, never longer than its checked stated size."""
    with ExitStack() as undone:
        copy = undone.enter_context(tempfile.TemporaryFile())
        with _translate_zip_errors("It cannot be unpacked"), archive.open(member) as packed:
            while chunk := packed.read(_CHUNK):
                if copy.tell() + len(chunk) > member.file_size:
                    raise zipfile.BadZipFile("it has more bytes than its header states")
                budget.take_unpacked(len(chunk))
                copy.write(chunk)
        copy.seek(0)
        undone.pop_all()
        return copy


@contextmanager
def _translate_zip_errors(what: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise InvalidFile(f"{what}: {escape_text(str(error))}.", _ZIP_FIX) from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A damaged zip can point before its own start, where seeking fails.
        raise InvalidFile(f"{what}: it points outside itself.", _ZIP_FIX) from error


def _check_directory_size(file: IO[bytes]) -> None:
    """Check the size of the zip's table of contents before zipfile reads it whole. Raises InvalidFile."""
    end = file.seek(0, 2)
    # The end record, the longest comment after it, and before it the zip64 locator and its end record.
    file.seek(max(0, end - 2**16 - 22 - 20 - _END64.size))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise InvalidFile("It is not a zip, or its end is missing.", _ZIP_FIX)
    (size,) = struct.unpack_from("<L", tail, at + 12)
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        # As zipfile does, the zip64 record is read where it ends at its locator.
        if at < 20 + _END64.size:
            raise InvalidFile("It is not a zip, or its end is damaged.", _ZIP_FIX)
        signature, size64 = _END64.unpack_from(tail, at - 20 - _END64.size)
        size = max(size64 if signature == b"PK\x06\x06" else 0, size if size != 0xFFFFFFFF else 0)
    if size > _DIRECTORY_BYTES:
        raise InvalidFile(
            f"The zip has a table of contents for more than {MAX_ENTRIES:,} files.", "Leave out what is no data."
        )
    file.seek(0)
