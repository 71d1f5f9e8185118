"""Delivery by webhook: a POST for each update, in order, repeated until the bot answers 2xx."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from clipbot_playground.botapi.delivery.updates import Update, UpdateQueue

# Seconds between attempts. Telegram's own pauses are longer, but tests must not wait so long.
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
_TIMEOUT: Final = aiohttp.ClientTimeout(30.0)
_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(slots=True)
class Webhook:
    """The webhook of a bot. `start` sets its URL, `stop` removes it.

    Attributes:
        last_error: Unix time and description of the last failed attempt.
    """

    queue: UpdateQueue
    secret_token: str = field(default="", repr=False)
    max_connections: int = 40
    last_error: tuple[int, str] | None = None
    _task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return self.queue.webhook_url

    async def start(self, url: str, secret_token: str, max_connections: int) -> None:
        """Deliver updates to this URL from now on."""
        await self.stop()
        self.queue.webhook_url = url
        self.secret_token = secret_token
        self.max_connections = max_connections
        self.last_error = None
        self.queue.interrupt("terminated by setWebhook request")
        self._task = asyncio.create_task(self._deliver(url), name="webhook")

    async def stop(self) -> None:
        """Remove the webhook; updates stay in the queue."""
        self.queue.webhook_url = ""
        if self._task is not None:
            await _end(self._task)
            self._task = None

    async def _deliver(self, url: str) -> None:
        headers = {_HEADER: self.secret_token} if self.secret_token else {}
        pause = _FIRST_PAUSE
        # Certificates are not checked: the webhook of a test is on loopback.
        connector = aiohttp.TCPConnector(ssl=False)
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as client:
            while True:
                update = await self.queue.notifier.until(self._first, within=None)
                try:
                    async with client.post(
                        url, json=update.to_json(), headers=headers, allow_redirects=False
                    ) as answer:
                        problem = (
                            ""
                            if 200 <= answer.status < 300
                            else f"Wrong response from the webhook: {answer.status} {answer.reason}"
                        )
                except (aiohttp.ClientError, OSError) as error:
                    problem = str(error) or type(error).__name__
                if not problem:
                    self.queue.confirm(update.update_id + 1)
                    pause = _FIRST_PAUSE
                    continue
                self.last_error = (int(time.time()), problem)
                self.queue.notifier.notify()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _first(self) -> Update | None:
        return self.queue.pending[0] if self.queue.pending else None


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended.

    Before Python 3.12 a cancellation can get lost: https://github.com/python/cpython/issues/86296.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
    if not task.cancelled():
        task.exception()  # asyncio logs exceptions that nobody has read
