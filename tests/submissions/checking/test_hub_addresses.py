"""An address copied from the browser names its data set."""

from __future__ import annotations

import pytest

from submissions.checking.hub_datasets import HubDataset, parse_hub_datasets
from submissions.errors import InvalidFile

SITE = "https://huggingface.co/datasets/alice/data"
NAMED = {
    SITE: ("main", ""),
    f"{SITE}/": ("main", ""),
    "huggingface.co/datasets/alice/data": ("main", ""),
    "http://www.hf.co/datasets/alice/data?x=1#readme": ("main", ""),
    f"{SITE}/tree/main": ("main", ""),
    f"{SITE}/tree/v1/folder/": ("v1", "folder"),
    f"{SITE}/blob/main/data/x.jsonl": ("main", "data/x.jsonl"),
    f"{SITE}/resolve/0123abc/x.parquet?download=true": ("0123abc", "x.parquet"),
    f"{SITE}/raw/refs%2Fconvert%2Fparquet/default/train/0000.parquet": (
        "refs/convert/parquet",
        "default/train/0000.parquet",
    ),
    f"{SITE}/blob/refs/pr/4/x.csv": ("refs/pr/4", "x.csv"),
    f"{SITE}/commit/0123abc": ("0123abc", ""),
    f"{SITE}/viewer/default/train?row=3": ("main", ""),
    f"{SITE}/viewer": ("main", ""),
    f"{SITE}/discussions/2": ("main", ""),
}


@pytest.mark.parametrize("address", NAMED)
def test_an_address_names_its_data_set(address: str) -> None:
    revision, path = NAMED[address]
    assert parse_hub_datasets(address) == (HubDataset("alice/data", revision, path, ""),)


def test_an_address_names_a_task_s_file() -> None:
    assert parse_hub_datasets(f"mc-en-science = {SITE}/blob/main/x.csv") == (
        HubDataset("alice/data", "main", "x.csv", "mc-en-science"),
    )


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("https://huggingface.co/alice/model", "or a model, not a data set"),
        ("https://huggingface.co/spaces/alice/demo", "a Space, not a data set"),
        ("https://huggingface.co/datasets", "not a data set"),
        ("https://huggingface.co/datasets/alice", "not a data set"),
        (f"{SITE}/blob/main/../../x.csv", "leaves its repository"),
        (f"{SITE}/blob/main/%2e%2e/x.csv", "leaves its repository"),
        (f"{SITE}/resolve/main/a%00.csv", "not plain"),
        ("https://example.org/datasets/alice/data", "is not a data set on the Hub"),
        ("https://huggingface.co.example.org/datasets/alice/data", "is not a data set on the Hub"),
    ],
)
def test_other_addresses_are_refused_in_words(address: str, what: str) -> None:
    with pytest.raises(InvalidFile, match=what):
        parse_hub_datasets(address)
