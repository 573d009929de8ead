"""Process that fetches named data sets: one request on its input, one reply on its output.

Run as `python -m submissions.check_process.hub_fetch_child PARENT_PID`, with few variables.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import traceback

from submissions.check_process.hub_fetch_messages import FetchReply, FetchRequest
from submissions.check_process.messages import decode_path
from submissions.check_process.process_limits import end_with_parent
from submissions.checking.hub_datasets import download_datasets
from submissions.errors import InvalidFile, Unreachable
from submissions.tracks import load_track

_WRITE_SLACK = 2**20


def main() -> None:
    """Answer one request."""
    end_with_parent(int(sys.argv[1]))
    # Whatever a library prints must not come before the reply.
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)
        request = FetchRequest.model_validate_json(sys.stdin.buffer.read())
        # A Hub that sends more than it announced fills no disk.
        most = request.limit + _WRITE_SLACK
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        output.write(_fetch(request).model_dump_json().encode())


def _fetch(request: FetchRequest) -> FetchReply:
    into = decode_path(request.into)
    try:
        fetched = download_datasets(
            request.named, frozenset(request.ids), into, request.limit, load_track(request.track)
        )
    except InvalidFile as error:
        return FetchReply(fault="invalid", what=error.what, fix=error.fix)
    except Unreachable as error:
        return FetchReply(fault="unreachable", what=str(error))
    except OSError as error:
        if error.errno == errno.EFBIG:
            return FetchReply(fault="invalid", what="A file is larger than the Hub stated.", fix="Send the files.")
        return FetchReply(fault="machine", number=error.errno or 0, what=error.strerror or str(error))
    except Exception as error:  # noqa: BLE001  # the program that asked for the fetch raises it again
        return FetchReply(fault="program", what="".join(traceback.format_exception(error))[-10_000:])
    return FetchReply(files=tuple(str(file.relative_to(into)) for file in fetched.files), pins=fetched.pins)


if __name__ == "__main__":
    main()
