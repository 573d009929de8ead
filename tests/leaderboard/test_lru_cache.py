"""The cache of the web app forgets what was least recently used, by number and by weight."""

from __future__ import annotations

from leaderboard.lru_cache import LruCache


def test_the_least_recently_used_entry_goes_first() -> None:
    cache: LruCache[str, int] = LruCache(max_entries=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


def test_weights_are_bounded_together_and_the_newest_entry_stays() -> None:
    cache: LruCache[str, str] = LruCache(max_weight=10)
    cache.put("a", "x", 6)
    cache.put("a", "y", 4)
    cache.put("b", "z", 6)
    assert (cache.get("a"), cache.get("b")) == ("y", "z")
    cache.put("c", "heavy", 50)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (None, None, "heavy")
    cache.put("d", "light", 1)
    assert (cache.get("c"), cache.get("d")) == (None, "light")


def test_without_bounds_nothing_is_forgotten() -> None:
    cache: LruCache[int, int] = LruCache()
    for number in range(1000):
        cache.put(number, number, number)
    assert cache.get(0) == 0
