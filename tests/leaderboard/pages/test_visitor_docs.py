"""What docs/visitor.md says is true."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from leaderboard.data.systems import slug_of
from tests.support.arena_fixture import SYSTEMS, fill
from tests.support.live_server import served
from tests.support.paths import ROOT
from tests.support.site_client import Open

PAGE = (ROOT / "docs/visitor.md").read_text()


@pytest.mark.integration
def test_its_examples_run_and_its_addresses_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arena = fill(tmp_path / "arena")
    one, other = (slug_of(team, system) for system, team, *_ in SYSTEMS[:2])
    names = {"/tasks/<id>": "/tasks/mc-en-science", "/submissions/<id>": f"/submissions/{arena.submission_ids()[0]}"}
    names["/cases/<slug>"] = "/cases/paper-legal-reasoning"
    names |= {
        "<slug>": one,
        "?system=…&system=…": f"?system={one}&system={other}",
        "?…": f"?system={one}&system={other}",
    }
    with served(tmp_path / "arena") as base:
        for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
            exec(example.replace("http://127.0.0.1:7860", base), {})
        addresses = re.findall(r"`(/[^`\s]*)`", PAGE)
        for address in addresses:
            for name, real in names.items():
                address = address.replace(name, real)
            if address not in ("/task", "/status"):
                assert httpx.get(base + address).status_code == 200, address
    assert len(addresses) > 15
    assert "OpenAI o3 w/ ref" in capsys.readouterr().out


def test_about_and_docs_promise_no_more_rows_than_a_protocol_uses(visit: Open) -> None:
    submitter = (ROOT / "docs/submitter.md").read_text()
    for text in (visit("empty").get("/about").text, submitter):
        assert re.search(r"at most the first 1,000 (rows|of each file); a protocol may use fewer", text)
