"""Recognition of files that are no data: pointers, web pages, error messages, other formats."""

from __future__ import annotations

import codecs
import json
import re
from typing import IO

from submissions.checking.problem_list import quote_text
from submissions.errors import InvalidFile

_START_BYTES = 65_536
"""Bytes read from the file's start; pointers and error messages are smaller."""
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive (or an office document)",
    b"PAR1": "Parquet",
    b"PARE": "an encrypted Parquet table",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "PDF",
    b"{\\rtf": "rich text",
    b"\xd0\xcf\x11\xe0": "an office document of an old format",
    b"ARROW1": "Arrow IPC",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "HDF5",
    b"ORC": "ORC",
    b"Obj\x01": "Avro",
}
_POINTER_FIX = (
    "Deliver the data itself: run `{command}` in the repository, or download the file from its page, and open it "
    "once before you send it."
)
_POINTERS = (
    (re.compile(rb"version https://(git-lfs\.github\.com|hawser\.github\.com)/spec/"), "git-lfs", "git lfs pull"),
    (re.compile(rb"# xet version"), "git-xet", "git xet pull"),
    (re.compile(rb"(\.\./)*(\.git/|/)annex/objects/"), "git-annex", "git annex get"),
    (re.compile(rb"(outs|md5|deps):[^\n]*\n[^{]*\b(md5|etag|path):"), "DVC", "dvc pull"),
    (re.compile(rb"(\.\./)+blobs/[0-9a-f]{40,64}\s*$"), "Hub cache", "hf download"),
)
_SIZE = re.compile(rb"^(?:size|filesize)[ =:]+(\d{1,15})\s*$", re.MULTILINE)
_PAGE = re.compile(
    rb"(<\?[^>]*\?>\s*|<!--.*?-->\s*)*(<!doctype\s+html|<(html|head|body|title|meta|script|div|p|h1|center|table)\b)",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(rb"(<!--.*?-->\s*)*<(\?xml|!doctype|[a-z][\w:.-]*[\s/>])", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<(?:title|h1|message)\b[^>]*>\s*([^<]{1,200})", re.IGNORECASE)
_PAGE_FIX = "Download the data itself; the address of its file may need a sign-in, or another link (`resolve`, `raw`)."
_PLAIN_ERROR = re.compile(
    rb"(?:http\S* )?(?:error:? )?(?:\d{3}\b[:\s-]*)?"
    rb"(?:(?:entry|file|page|repository|revision|resource|object)?\s*not found|bad request|bad gateway|"
    rb"access (?:is )?(?:denied|restricted|to [^\n]{1,80} is restricted)|forbidden|unauthori[sz]ed|"
    rb"internal server error|gateway time-?out|service (?:temporarily )?unavailable|too many requests|"
    rb"rate limit[^\n]{0,80}|invalid (?:username or password|credentials|token)|authentication required|"
    rb"we(?:'| a)re having [^\n]{0,80})",
    re.IGNORECASE,
)
_ERROR_KEYS = ("error", "errors", "message", "error_description", "detail", "errorMessage", "title", "msg")
_STATUS_KEYS = frozenset(
    {"status", "statusCode", "status_code", "code", "documentation_url", "type", "traceId", "request_id", "requestId"}
)


def recognize_content(stream: IO[bytes], magics: tuple[bytes, ...] = ()) -> InvalidFile | None:
    """Return why a file is no data, by its first bytes; None for what may be data.

    `magics` are first bytes that are expected. The stream's position is undefined afterwards.
    """
    stream.seek(0)
    start = stream.read(_START_BYTES)
    size = stream.seek(0, 2)
    for magic, kind in _MAGIC.items():
        if start.startswith(magic) and magic not in magics:
            return InvalidFile(f"The file is {kind}, despite its name.", "Deliver it as plain UTF-8 text.")
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if size <= _START_BYTES:
        for pattern, kind, command in _POINTERS:
            if pattern.match(text):
                return InvalidFile(_describe_pointer(kind, text), _POINTER_FIX.format(command=command))
        if error := _read_error_message(text):
            return InvalidFile(f"The file is a server's error message ({quote_text(error, 120)}), not data.", _PAGE_FIX)
    return _recognize_markup(text)


def _describe_pointer(kind: str, text: bytes) -> str:
    size = _SIZE.search(text)
    wanted = f" of {int(size[1]):,} bytes" if size else ""
    return f"The file is a {kind} pointer to the data{wanted}, not the data itself."


def _recognize_markup(text: bytes) -> InvalidFile | None:
    if not text.startswith(b"<"):
        return None
    title = _TITLE.search(text)
    quoted = f" ({quote_text(title[1].decode(errors='replace').strip(), 80)})" if title else ""
    if _PAGE.match(text):
        return InvalidFile(f"The file is a web page{quoted}, not data.", _PAGE_FIX)
    if _XML.match(text):
        return InvalidFile(f"The file is XML{quoted}, not data.", _PAGE_FIX)
    return None


def _read_error_message(text: bytes) -> str | None:
    """Return the message of a server's error, plain or as a JSON object; None for another text."""
    line = text.strip()
    if len(line) <= 300 and (match := _PLAIN_ERROR.match(line)) and len(line) - match.end() <= 120:
        return line.decode(errors="replace")
    if not line.startswith(b"{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    keys = set(value)
    if keys & {"input", "output", "instruction", "data", "rows", "columns", "messages", "conversations"}:
        return None
    is_error = keys & {"error", "errors", "error_description", "errorMessage"} or (
        keys & set(_ERROR_KEYS) and (keys & _STATUS_KEYS or len(keys) == 1)
    )
    message = next((value[key] for key in _ERROR_KEYS if key in value), None)
    if not is_error:
        return None
    return message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
