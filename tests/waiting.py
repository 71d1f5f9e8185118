"""Waiting for a condition, with a limit: no test sleeps for a fixed time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any


async def until(ask: Callable[[], Any], wanted: object, within: float = 10.0) -> None:
    """Call (and await, if it returns a coroutine) until the answer equals `wanted`.

    Args:
        within: seconds after which the test fails.
    """
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer == wanted:
            return
        assert time.monotonic() < deadline, f"{answer!r} is still not {wanted!r}"
        await asyncio.sleep(0.02)
