"""When one batch leaves the model to the next."""

import asyncio
from typing import Any, cast

import pytest

from inference.protocol.errors import DeviceLost
from inference.worker.batch_run import BatchRun


def trip(stop: asyncio.Event, before: BatchRun | None = None) -> BatchRun:
    """One of no jobs."""

    async def alone() -> None:
        raise AssertionError("no job is suspected")

    nobody = cast("Any", None)
    return BatchRun([], nobody, nobody, stop, alone=alone, before=before)


async def test_a_batch_without_a_job_leaves_the_model_to_the_one_that_has_it() -> None:
    stop = asyncio.Event()
    first = trip(stop)
    second = trip(stop, before=first)
    running = asyncio.create_task(second.run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not second.model_free.is_set()
    first.model_free.set()
    await running
    assert second.model_free.is_set()


async def test_a_lost_device_stops_the_worker_before_the_model_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop = asyncio.Event()
    lost = trip(stop)

    async def lose() -> None:
        raise DeviceLost("CUDA error")

    monkeypatch.setattr(lost, "_model_stages", lose)
    running = asyncio.create_task(lost.run())
    await lost.model_free.wait()
    assert stop.is_set()
    with pytest.raises(DeviceLost):
        await running
