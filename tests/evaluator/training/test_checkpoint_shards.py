from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from evaluator.training.rank.checkpoint_shards import shard_name, write_shard

pytestmark = pytest.mark.integration

TENSORS = {
    "a": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "model.b": torch.randn(3, 5, dtype=torch.bfloat16),
    "turned": torch.randn(4, 3).T,
    "half": torch.ones(3, dtype=torch.float16),
}


def test_the_library_reads_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    write_shard(file, TENSORS)
    found = load_file(file)
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
    with safe_open(file, framework="pt") as opened:
        assert opened.metadata() == {"format": "pt"}


@given(st.text(alphabet="abc.é", min_size=1, max_size=12))
def test_data_start_at_a_multiple_of_eight(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    file = tmp_path_factory.mktemp("shard") / "model.safetensors"
    write_shard(file, {name: torch.ones(2)})
    assert int.from_bytes(file.read_bytes()[:8], "little") % 8 == 0
    assert load_file(file)[name].tolist() == [1, 1]


def test_a_rank_without_a_share_writes_a_file_all_the_same(tmp_path: Path) -> None:
    write_shard(tmp_path / "model.safetensors", {})
    assert load_file(tmp_path / "model.safetensors") == {}


def test_a_full_disk_is_an_error_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as failed:
        write_shard(tmp_path / "full", TENSORS)
    assert failed.value.errno == errno.ENOSPC


def test_shards_are_named_as_on_the_hub() -> None:
    assert shard_name(0, 1) == "model.safetensors"
    assert [shard_name(rank, 2) for rank in range(2)] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
