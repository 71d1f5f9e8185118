import numpy as np

from inference.model.encoder.text_cache import TextFeatureCache


def test_what_was_stored_is_found() -> None:
    cache = TextFeatureCache()
    cache.store([(1,), (2, 3)], np.eye(2, dtype=np.float32))
    found = cache.find([(2, 3), (9,)])
    assert list(found) == [(2, 3)]
    assert found[2, 3].tolist() == [0.0, 1.0]


def test_a_full_cache_drops_the_least_recently_used() -> None:
    cache = TextFeatureCache(max_bytes=10_000)
    cache.store([(0,)], np.ones((1, 256), np.float32))
    for i in range(1, 50):
        cache.find([(0,)])
        cache.store([(i,)], np.ones((1, 256), np.float32))
        assert cache.used_bytes <= 10_000
    assert len(cache) == 4  # of 2,024 bytes each
    assert set(cache.find([(i,) for i in range(50)])) == {(0,), (47,), (48,), (49,)}


def test_a_feature_larger_than_the_cache_is_not_stored() -> None:
    cache = TextFeatureCache(max_bytes=100)
    cache.store([(0,)], np.ones((1, 256), np.float32))
    assert len(cache) == 0
    assert cache.used_bytes == 0


def test_storing_a_text_twice_counts_once() -> None:
    cache = TextFeatureCache()
    cache.store([(0,)], np.ones((1, 8), np.float32))
    used = cache.used_bytes
    cache.store([(0,)], np.ones((1, 8), np.float32))
    assert cache.used_bytes == used


def test_a_feature_does_not_keep_its_batch_alive() -> None:
    cache = TextFeatureCache()
    cache.store([(0,), (1,)], np.ones((2, 8), np.float32))
    assert cache.find([(0,)])[0,].base is None
