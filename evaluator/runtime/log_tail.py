"""Public part of a child's log for its submitter: location and kind of a failure.

It contains no word from a row or about this machine. A log may repeat row content, so nothing is shown because it
looks harmless. Shown are, from tracebacks, the locations in files that exist here, by file name, and the kind of
exception; and of all other text only the phrases below, which are the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

BYTES = 65_536
"""Number of bytes read from the end of a log."""
MAX_BYTES = 4_000
"""Maximum number of characters shown (submissions/records/status.py, Status.log_tail)."""
PHRASES = re.compile(
    "|".join(
        (
            r"CUDA out of memory\. Tried to allocate [\d.]+ [KMGT]?i?B",
            r"CUDA error: (?:out of memory|an illegal memory access was encountered|device-side assert triggered"
            r"|unspecified launch failure|invalid device ordinal|uncorrectable ECC error encountered"
            r"|no kernel image is available for execution on the device|an illegal instruction was encountered)",
            r"CUBLAS_STATUS_(?:NOT_INITIALIZED|ALLOC_FAILED|EXECUTION_FAILED|INTERNAL_ERROR)",
            r"nccl(?:UnhandledCuda|System|Internal|Remote)Error",
            r"Watchdog caught collective operation timeout",
            r"Signal \d{1,2} \(SIG[A-Z]{2,6}\)",
            r"exitcode\s*:\s*-?\d{1,3}",
            r"No available memory for the cache blocks",
            r"Engine core initialization failed",
            r"(?:No space left on device|Cannot allocate memory|Too many open files|Address already in use"
            r"|Connection refused|Connection reset by peer|Broken pipe|Permission denied|No such file or directory)",
            r"Segmentation fault|Bus error|Illegal instruction|Out of memory",
        )
    )
)
_BEFORE = re.compile(
    r"^(?:\([\w .-]{1,40}pid=\d+\)\s?)?"  # vLLM: which process
    r"(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) [\d-]+ [\d:.]+ \[[\w./]+:\d+\]\s?)?"  # vLLM: level, time, place
    r"(?:\[rank\d+\]:\s?)?"  # torch.distributed: which rank
)
_TRACEBACK = "Traceback (most recent call last):"
_PLACE = re.compile(r'\s+File "(/[^"]{1,500}\.py)", line (\d{1,6}), in ([\w.<>]{1,80})')
_KIND = re.compile(r"(?:[A-Za-z_]\w{0,60}\.){0,6}[A-Za-z_]\w{0,60}(?=:|$)")


def public_tail(log: bytes) -> str:
    """Extract the last public lines of a log, at most MOST characters; empty if none."""
    shown = "\n".join(_filter_lines(log[-BYTES:].decode(errors="replace").splitlines()))
    return shown if len(shown) <= MAX_BYTES else shown[-MAX_BYTES:].partition("\n")[2]


def _filter_lines(lines: list[str]) -> Iterator[str]:
    """Filter line by line; an exception counts only below its traceback's locations, and its message is never shown."""
    placed: bool | None = None  # None: in no traceback; False: in one whose first place is still to come
    for number, raw in enumerate(lines):
        line = _BEFORE.sub("", raw)
        if line == _TRACEBACK:
            placed = False
            if _has_frame(lines[number + 1 : number + 2]):
                yield line
            continue
        place = None if placed is None else _format_frame(line)
        if place:
            placed = True
            yield place
        elif placed and (kind := _KIND.match(line)):
            placed = None
            yield ": ".join([kind[0], *_find_phrases(line)])
        else:
            yield from _find_phrases(line)


def _has_frame(lines: list[str]) -> bool:
    return any(_format_frame(_BEFORE.sub("", line)) for line in lines)


def _format_frame(line: str) -> str | None:
    match = _PLACE.fullmatch(line)
    return f'  File "{Path(match[1]).name}", line {match[2]}, in {match[3]}' if match and _is_file(match[1]) else None


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _find_phrases(line: str) -> list[str]:
    return list(dict.fromkeys(match[0] for match in PHRASES.finditer(line)))
