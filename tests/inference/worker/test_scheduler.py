"""When the next batch is read."""

import pytest

from inference.worker.scheduler import PrefetchTimer


def test_nothing_is_read_ahead_before_anything_is_known() -> None:
    foresight = PrefetchTimer(16)
    assert foresight.pause(4) is None
    foresight.has_read(2, 0.02)
    assert foresight.pause(4) is None
    foresight.has_read(0, 1.0)  # jobs without a readable picture tell nothing
    foresight.has_classified(0, 1.0)
    assert foresight.pause(4) is None


def test_a_full_batch_is_read_when_the_model_gets_free() -> None:
    foresight = PrefetchTimer(16)
    foresight.has_read(2, 0.02)
    foresight.has_classified(4, 0.4)
    assert foresight.pause(16) == pytest.approx(16 * 0.1 - 16 * 0.01)
    assert foresight.pause(1) == 0.0  # reading takes longer than the model: at once
