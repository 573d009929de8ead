from __future__ import annotations

import numpy as np
from datasketch import LeanMinHash, MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.minhash import find_candidates
from evaluator.stages.screen.shingle_sets import ShingleSets, build_sequences, merge_distinct
from evaluator.stages.screen.shingles import cut_shingles

TEXTS = st.lists(st.text("abcde漢字かな", max_size=30), max_size=8)


def cut(text: str, letters: int, characters: int) -> list[str]:
    """The same, one shingle at a time."""
    sizes = [characters if ord(letter) > 0x3000 else letters for letter in text]
    found = [text[place : place + size] for place, size in enumerate(sizes) if place + size <= len(text)]
    return found if sizes and sizes[0] <= len(text) else [text, *found] if text else []


@given(TEXTS, st.integers(2, 6), st.integers(1, 4))
def test_shingles_are_equal_where_their_letters_are(texts: list[str], letters: int, characters: int) -> None:
    shingles = cut_shingles(texts, letters, characters)
    expected = [cut(text, letters, characters) for text in texts]
    assert np.diff(shingles.starts).tolist() == [len(one) for one in expected]
    flat = [shingle for one in expected for shingle in one]
    by_hash = dict(zip(shingles.hashes.tolist(), flat, strict=True))
    assert [by_hash[one] for one in shingles.hashes.tolist()] == flat
    assert len(by_hash) == len(set(flat))


def test_salted_shingles_are_others() -> None:
    plain, salted = cut_shingles(["some letters"], 5, 3), cut_shingles(["some letters"], 5, 3, salt=1)
    assert not set(plain.hashes.tolist()) & set(salted.hashes.tolist())


def test_many_long_texts_are_cut_as_one_is() -> None:
    texts = ["abcdefg" * 60_000, "漢字かな" * 60_000, "", "x", "abcdefg" * 90_000]
    together = cut_shingles(texts, 5, 3)
    for number, text in enumerate(texts):
        own = together.hashes[together.starts[number] : together.starts[number + 1]]
        assert np.array_equal(own, cut_shingles([text], 5, 3).hashes)


def test_minhash_proposes_what_is_alike_and_little_else() -> None:
    rng = np.random.default_rng(0)
    test = [rng.choice(100_000, 60, replace=False) for _ in range(200)]
    mine = [np.concatenate([one[:48], rng.choice(100_000, 12, replace=False)]) for one in test]  # Jaccard about 2/3
    bags = [merge_distinct([sequences_of(rows)], 100_000) for rows in (mine, test)]
    hashes = rng.integers(0, 2**32, 100_000, dtype=np.uint32)
    proposed = find_candidates(*bags, hashes, NearDuplicateSettings())
    assert sum(number in others for number, others in enumerate(proposed)) == 200
    assert sum(map(len, proposed)) < 250


def test_minhash_proposes_each_pair_that_datasketch_does_and_none_for_an_empty_set() -> None:
    rng = np.random.default_rng(1)
    near, hashes = NearDuplicateSettings(bands=8, band_rows=2), rng.integers(0, 2**32, 500, dtype=np.uint32)
    sets = [[np.unique(rng.integers(0, 60, rng.integers(0, 25))) for _ in range(80)] for _ in range(2)]
    for side in sets:
        side[3] = side[79] = np.zeros(0, np.int64)
    index = MinHashLSH(num_perm=16, params=(8, 2))
    for number, ids in enumerate(sets[1]):
        if len(ids):
            index.insert(number, minhash_of(hashes[ids], near))
    expected = [sorted(index.query(minhash_of(hashes[ids], near))) if len(ids) else [] for ids in sets[0]]
    bags = [ShingleSets(np.concatenate(side), np.cumsum([0, *map(len, side)])) for side in sets]
    assert find_candidates(*bags, hashes, near) == expected
    assert 0 < sum(map(len, expected)) < 80 * 80


def minhash_of(values: np.ndarray, near: NearDuplicateSettings) -> LeanMinHash:
    """Hashes that are mixed already, which `MinHash.update` would mix once more."""
    empty = MinHash(num_perm=near.bands * near.band_rows, seed=near.seed, scheme="affine32")
    multipliers, addends = empty.permutations
    least = (values[:, np.newaxis] * multipliers + addends).min(axis=0)
    return LeanMinHash(seed=near.seed, hashvalues=least, scheme="affine32")


def sequences_of(rows: list[np.ndarray]) -> ShingleSets:
    return ShingleSets(np.concatenate(rows), np.arange(len(rows) + 1) * len(rows[0]))


def test_a_bag_has_each_shingle_once_and_none_that_is_dropped() -> None:
    shingles = cut_shingles(["abcabcabc", "abcd"], 3, 3)
    numbers = np.unique(shingles.hashes, return_inverse=True)[1]
    order = build_sequences(shingles, numbers)
    bag = merge_distinct([order, order], 4)
    assert ([len(order[row]) for row in range(2)], [len(bag[row]) for row in range(2)]) == ([7, 2], [3, 2])
    assert bag.count_rows(4).tolist() == np.bincount([*bag[0], *bag[1]], minlength=4).tolist()
    shared = np.bincount(bag.ids, minlength=4) == 2
    assert [len(bag.filter_shingles(shared)[row]) for row in range(2)] == [1, 1]
