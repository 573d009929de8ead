"""The submit form, filled in and sent."""

from __future__ import annotations

import json

from starlette.testclient import TestClient

ROWS = "".join(json.dumps({"input": f"question {n}", "output": f"answer {n}"}) + "\n" for n in range(12)).encode()
FIELDS = {
    "track": "dataset_research", "system": "My <System>", "system_type": "search", "team": "Ours", "submitter": "Ada",
    "description": "From the web.", "url": "https://example.org/", "webhook": "", "webhook_secret": "",
}  # fmt: skip
GOOD = ("mc-en-science.jsonl", ROWS)


def send(site: TestClient, action: str, *files: tuple[str, bytes], **fields: str):  # type: ignore[no-untyped-def]
    return site.post("/submit", data={**FIELDS, **fields, "action": action}, files=[("files", file) for file in files])
