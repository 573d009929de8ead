"""Files for contributors and hosting sites: valid, and consistent with the lock files and the changelog."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
RELEASES = re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", CHANGELOG, re.MULTILINE)


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def version_key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_changelog_has_dated_releases_newest_first() -> None:
    assert RELEASES
    versions = [version_key(version) for version, _ in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert [heading for heading in headings if heading != "Unreleased"] == [f"{v} - {day}" for v, day in RELEASES]


def test_the_citation_has_the_required_keys_and_the_current_version() -> None:
    citation = read_yaml("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation.keys() >= {"message", "title", "authors", "type", "license"}
    assert all(person.keys() & {"name", "family-names"} for person in citation["authors"])
    assert (citation["version"], citation["date-released"]) == RELEASES[0]
    (paper,) = citation["references"]
    assert paper.keys() >= {"type", "title", "authors", "year", "url"}
    assert "2508.06960" in paper["url"]


def test_the_package_has_the_version_of_the_newest_release() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == RELEASES[0][0]


def test_pre_commit_runs_the_commands_of_make_lint() -> None:
    repos = {repo["repo"]: repo for repo in read_yaml(".pre-commit-config.yaml")["repos"]}
    local = [hook["entry"].replace(" --force-exclude", "") for hook in repos.pop("local")["hooks"]]
    recipe = re.search(r"^lint:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    linters = re.findall(r"\.venv/bin/(?:ruff|mypy).*", recipe[1])
    assert local == [command.removesuffix(" .") for command in linters]
    hooks = {hook["id"] for repo in repos.values() for hook in repo["hooks"]}
    assert hooks >= {"check-added-large-files", "detect-private-key"}
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", repo["rev"]) for repo in repos.values())
    lock = (ROOT / "tests/requirements.txt").read_text()
    assert all(f"\n{tool}==" in lock for tool in ("ruff", "mypy")), "the hooks take their versions from the lock file"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_complete(path: Any) -> None:
    form = yaml.safe_load(path.read_text())
    assert form.keys() >= {"name", "description", "body"}
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids)) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_issue_templates_and_the_pull_request_template_exist() -> None:
    assert len(FORMS) >= 2
    assert isinstance(read_yaml(".github/ISSUE_TEMPLATE/config.yml")["blank_issues_enabled"], bool)
    template = (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text()
    assert {"`make lint`", "`make test`"} <= set(re.findall(r"`[^`]+`", template))


def test_the_security_page_names_no_address_of_a_person() -> None:
    assert not re.search(r"\w@\w", (ROOT / "SECURITY.md").read_text())
