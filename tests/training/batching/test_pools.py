"""Pools that are drawn once and then read from the cache."""

import multiprocessing
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from training.batching import pools


def test_scenes_read_from_the_cache_are_those_that_were_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Threads draw the same scenes as processes, which would take seconds to start.
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: SimpleNamespace(Pool=ThreadPool))
    drawn = pools.scene_pool(3, seed=1, cache=tmp_path)
    monkeypatch.undo()
    read = pools.scene_pool(3, seed=1, cache=tmp_path)
    assert len(read.scenes) == 3
    assert read.scenes == drawn.scenes
    assert np.array_equal(read.rgba, drawn.rgba)
    assert np.array_equal(read.paints, drawn.paints)
