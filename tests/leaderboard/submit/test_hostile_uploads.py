"""Uploads that end or fill the process that reads them: the web app answers, stores nothing, and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from submissions.arena.arena import Arena
from tests.support.parquet_attacks import encrypt_table, repeat_long_text
from tests.support.web_submissions import ROWS, send

pytestmark = pytest.mark.integration
ATTACKS = {
    "encrypted": (encrypt_table(has_plain_footer=True), "damaged or encrypted"),
    "footer": (encrypt_table(has_plain_footer=False), "is encrypted"),
    "grows": (repeat_long_text(), "268,435,456 bytes as JSON lines"),
}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_is_refused_by_name_and_the_site_goes_on(
    arena: Arena, site: TestClient, temporary: Path, attack: str
) -> None:
    content, what = ATTACKS[attack]
    before = arena.submissions.head()
    answer = send(site, "submit", ("mc-en-science.parquet", content), ("cls-en-bank.jsonl", ROWS))
    assert answer.status_code == 422
    assert "mc-en-science.parquet" in answer.text
    assert what in answer.text
    assert "Refused: 1 error" in answer.text
    assert arena.submissions.head() == before
    assert list(temporary.iterdir()) == []
    assert site.get("/submit").status_code == 200
