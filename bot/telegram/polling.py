"""Long polling: each batch of updates is stored before the next `getUpdates` confirms it.

PTB's own updater confirms updates that are only in memory. So this module calls the Bot API itself
(https://core.telegram.org/bots/api#getupdates), and passes updates on unparsed.
"""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bot.queues.update_inbox import Update
from bot.runtime.http import NotJson, post, session
from bot.runtime.retry import backoff
from bot.telegram.incoming import ALLOWED_UPDATES
from inference.protocol.errors import OperatorError, QueueFull, QueueUnavailable

log = logging.getLogger(__name__)

# Seconds for which Telegram can hold a request open while nothing happens.
_HOLD = 25
# `total` is for proxies: aiohttp has no other limit for their answer to CONNECT.
_TIMEOUT = aiohttp.ClientTimeout(
    total=_HOLD + 35.0, connect=20.0, sock_connect=10.0, sock_read=_HOLD + 10.0
)
# Seconds. Telegram asks for a longer pause only by mistake.
_LONGEST = 3_600.0
_BATCH = 100  # Bot API: "Values between 1-100 are accepted"
# Finds the number of the first update in an answer that is not JSON. It never finds what a person
# wrote: quotes inside of strings are escaped.
_NUMBER = re.compile(rb'"update_id"\s*:\s*(\d{1,18})\b')
_SHOWN_BYTES = 1_000


class Unauthorized(OperatorError):
    """Telegram does not know the token."""

    def __init__(self) -> None:
        super().__init__(
            "TELEGRAM_BOT_TOKEN is not accepted by Telegram; ask @BotFather for it again."
        )


class Poller:
    """Fetches updates.

    Args:
        keep: stores one update; if it raises, the update is not confirmed.
    """

    def __init__(self, token: str, api_url: str, keep: Callable[[Update], Awaitable[None]]) -> None:
        self._address = f"{api_url}/bot{token}/getUpdates"
        self._keep = keep
        self._offset = 0
        self._failures = 0
        self._batch = _BATCH
        self._session = session(api_url)

    async def run(self) -> None:
        """Fetch updates until cancelled.

        Raises:
            Unauthorized: the token is not valid, or no longer.
        """
        while True:
            try:
                for update in await self._fetch():
                    await self._keep(update)
                    await self._confirmed(update)
            except (QueueFull, QueueUnavailable) as error:
                await self._pause("An update can't be stored (%s); Telegram keeps it.", error)

    async def _confirmed(self, update: Update) -> None:
        """Have the next request tell Telegram that this update is stored."""
        number = update.get("update_id") if isinstance(update, dict) else None
        if isinstance(number, int) and 0 <= number < 2**63 - 1:
            self._offset = number + 1
            self._failures = 0
        else:
            await self._pause("Telegram sent an update without a number (%s).", repr(number)[:50])

    async def _fetch(self) -> list[Update]:
        batch, self._batch = self._batch, _BATCH
        try:
            answer = await self._ask(
                timeout=_HOLD, limit=batch, allowed_updates=json.dumps(ALLOWED_UPDATES)
            )
            if answer["ok"]:
                updates: list[Update] = [*answer["result"]]
                if not updates:
                    self._failures = 0
                return updates
        except NotJson as error:
            await self._skip(error.body, batch)
            return []
        except (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError) as error:
            await self._pause("Telegram can't be reached (%s).", type(error).__name__)
            return []
        code = answer.get("error_code")
        if code in {401, 404}:  # 404: it does not even look like a token
            raise Unauthorized
        if code == 409:
            await self._pause(
                "Another program fetches this bot's updates (%s). Run only one bot per token.",
                answer.get("description", ""),
            )
            return []
        try:
            after = float((answer.get("parameters") or {}).get("retry_after") or 0)
        except (AttributeError, TypeError, ValueError):
            after = 0.0
        after = min(after, _LONGEST) if after > 0 else 0.0  # NaN becomes 0
        await self._pause("Telegram refuses getUpdates (%s).", f"error {code}", at_least=after)
        return []

    async def _skip(self, body: bytes, batch: int) -> None:
        """Handle an answer that is not JSON: skip its update, if it has only one."""
        found = _NUMBER.search(body)
        if found and batch == 1:
            log.error("An update can't be read, and is skipped: %r", body[:_SHOWN_BYTES])
            self._offset = int(found[1]) + 1
            return
        if found:
            self._batch = 1  # so that the broken update comes alone
        await self._pause("Telegram can't be reached (%s).", f"no JSON in {len(body)} bytes")

    async def _pause(self, message: str, detail: object, *, at_least: float = 0.0) -> None:
        self._failures += 1
        seconds = max(at_least, min(backoff(self._failures) / 4, 15.0))
        log.warning("%s Trying again in %.1f s.", message % detail, seconds)
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Confirm the stored updates, so that the next start does not get them, and disconnect."""
        if self._offset:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._confirm(), 2.0)
        await self._session.close()

    async def _confirm(self) -> None:
        # It may return new updates; they are not confirmed, so they come again after the start.
        await self._ask(timeout=0, limit=1)

    async def _ask(self, **parameters: int | str) -> Any:
        form = {"offset": self._offset, **parameters}
        return await post(self._session, self._address, form, _TIMEOUT)
