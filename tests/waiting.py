"""Wait for a condition, with a limit, so that no test sleeps for a fixed time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any


async def until(ask: Callable[[], Any], wanted: object, within: float = 10.0) -> None:
    """Call `ask` again and again until its answer equals `wanted`.

    Args:
        ask: returns the answer, or a coroutine that returns it.
        wanted: the expected answer.
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
