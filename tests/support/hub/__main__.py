"""A loopback Hub to try things out with: `python -m tests.support.hub --port 8899 --data FOLDER`.

HF_ENDPOINT points clients at it.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from tests.support.hub.server import loopback
from tests.support.hub.users import TOKENS


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.hub", description=__doc__)
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--data", type=Path, required=True, help="the folder that keeps everything")
    parser.add_argument("--quota", type=int, default=128, help="commits an hour and repository; 0 for no limit")
    parser.add_argument("--page", type=int, default=1000, help="entries on a page of a tree")
    arguments = parser.parse_args()
    arguments.data.mkdir(parents=True, exist_ok=True)
    with loopback(arguments.data, arguments.port) as hub:
        hub.faults.quota = arguments.quota or None
        hub.faults.page = arguments.page
        print(f"export HF_ENDPOINT={hub.url} HF_HUB_DISABLE_XET=1 HF_TOKEN=hf_bot_write", flush=True)
        for token, who in TOKENS.items():
            print(f"  {token}: {who.user.name}, {who.role}; organisations {dict(who.user.orgs)}")
        print(f"Faults: curl {hub.url}/-/faults -d '{{\"held\": true}}'")
        print(f"Clock:  curl {hub.url}/-/clock -d '{{\"forward\": 3600}}'")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("The end.")


if __name__ == "__main__":
    main()
