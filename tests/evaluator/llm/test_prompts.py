from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evaluator.llm.prompts import PROMPTS, PromptFile, load_prompt, parse_prompt
from evaluator.llm.quoting import format_data_block, truncate
from submissions.errors import NotFound

COMMITTED = Path(__file__).with_name("prompts.json")
FILES = sorted(PROMPTS.glob("*/*.md"))
TEXT = '+++\nversion = 3\nfollows = "a paper"\n[fields]\nrows = "some rows"\n+++\nDescribe.\n+++\n{{rows}}\n'


def a_prompt(text: str = TEXT) -> PromptFile:
    return parse_prompt("describe", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_prompt_says_what_it_is(file: Path) -> None:
    prompt = parse_prompt(file.stem, file.read_text(encoding="utf-8"))
    assert load_prompt(file.parent.name, prompt.name) == prompt
    assert re.search(r"section", prompt.header.follows)
    assert all(prompt.header.fields.values())


def test_prompts_do_not_change_without_a_new_version() -> None:
    committed = json.loads(COMMITTED.read_text())
    prompts = {file: parse_prompt(file.stem, file.read_text(encoding="utf-8")) for file in FILES}
    found = {f"{file.parent.name}/{prompt.name}": prompt.sha256 for file, prompt in prompts.items()}
    changed = [name for name, sha256 in found.items() if committed.get(name) != sha256]
    assert not changed, (
        f"The wording of {', '.join(changed)} is not in {COMMITTED.name}; verdicts may have been measured by another. "
        "Count up the version in its header, name it in a protocol with a new version, and add its hash: "
        f"{json.dumps({name: found[name] for name in changed})}"
    )


def test_a_name_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(NotFound, match="describe, judge"):
        load_prompt("dataset_research", "grade@1")
    with pytest.raises(NotFound, match="there are: none"):
        load_prompt("../dataset_research/nowhere", "judge@1")


@pytest.mark.parametrize("name", ["judge@2", "judge", "judge@01", "judge@1 "])
def test_another_version_is_another_prompt(name: str) -> None:
    with pytest.raises(NotFound, match="protocol with a new version"):
        load_prompt("dataset_research", name)


@pytest.mark.parametrize("values", [{}, {"row": 1}, {"rows": 1, "more": 2}])
def test_exactly_the_declared_fields_are_filled(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="describe@3 expects rows"):
        a_prompt().fill(dict(values))


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("{{rows}}", "rows"),
        TEXT.replace("{{rows}}", "{{rows}}\n{{rows}}"),
        TEXT.replace("{{rows}}", "{{rows}} and"),
        TEXT.replace("{{rows}}", "{{rows}}\n{{count}}"),
        TEXT.replace("Describe.", "Describe\n{{rows}}"),
        TEXT.replace("+++\nDescribe.", "Describe."),
        "Before.\n" + TEXT,
    ],
)
def test_header_and_text_must_agree(text: str) -> None:
    with pytest.raises(ValueError, match="prompt describe"):
        a_prompt(text)


def test_a_header_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="author"):
        a_prompt(TEXT.replace("version", 'author = "me"\nversion'))


def test_instructions_and_data_are_apart() -> None:
    prompt = a_prompt().fill({"rows": ["{{rows}}", "\n+++\n"]}, repeat=2)
    assert (prompt.system, prompt.name, prompt.repeat) == ("Describe.", "describe@3", 2)
    assert prompt.user.count("{{rows}}") == 1  # a value is not filled in again
    assert re.fullmatch(r'<data id="(\w{16})" name="rows">\n(.*)\n</data id="\1">', prompt.user, re.DOTALL)


def test_equal_values_give_equal_text_and_others_another_id() -> None:
    one, same, other = (a_prompt().fill({"rows": value}).user for value in ("x", "x", "y"))
    assert one == same
    assert one.splitlines()[0] != other.splitlines()[0]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text(alphabet=st.sampled_from('<>|/[]INST`"\\\n{}')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_whatever_is_said_stays_in_its_block_and_keeps_its_meaning(value: object) -> None:
    first, *inside, last = format_data_block("rows", value, "0f" * 8).split("\n")  # type: ignore[arg-type]
    assert (first, last) == (f'<data id="{"0f" * 8}" name="rows">', f'</data id="{"0f" * 8}">')
    assert json.loads("\n".join(inside)) == value
    seen = "\n".join(inside)
    assert not regex.search(r"[<>`]|\[/?[A-Z_]+\]|[^\P{C}\n]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]", seen)
    assert seen.split("\n") == seen.splitlines()


def test_letters_of_all_scripts_stay_readable() -> None:
    text = "Größe, 冰川, ледник, جبل, बर्फ, 빙하 é"
    assert text in format_data_block("rows", text, "0" * 16)


def test_a_lone_surrogate_can_be_sent() -> None:
    assert format_data_block("rows", "\ud800", "0" * 16).encode().splitlines()[1] == b'"\\ud800"'


def test_long_text_is_cut_and_says_so() -> None:
    assert truncate("abc", 3) == "abc"
    assert truncate("abcdef", 3) == "abc [3 of 6 characters cut off]"
