from __future__ import annotations

import pytest

from evaluator.config.profile import PROFILES, load_profile
from evaluator.config.protocol import PROTOCOLS
from evaluator.tracks.protocols import load_protocol
from submissions.errors import NotFound

NAMES = sorted(file.stem for file in PROFILES.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_named_like_its_file(name: str) -> None:
    assert load_profile(name).name == name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("protocol", sorted(file.stem for file in PROTOCOLS.glob("*.toml")))
def test_a_profile_can_make_every_protocol_s_global_batch(name: str, protocol: str) -> None:
    profile, sft = load_profile(name), load_protocol(protocol).sft
    assert sft.global_batch % profile.ranks == 0


def test_a_name_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(NotFound, match=r"there are: .*cpu"):
        load_profile("gpu")
