"""Which models the bots at a queue use: workers ask, and each bot answers."""

import asyncio
import contextlib

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

_SUBJECT = "clipbot.models"
# Bots answer at once. Their number is not known, so a worker waits this long for answers.
ANSWER_TIMEOUT = 1.0  # seconds


async def answer(client: Client, model: str) -> None:
    """Answer with `model` from now on."""

    async def on_message(message: Msg) -> None:
        with contextlib.suppress(NatsError):
            await message.respond(model.encode(errors="replace"))

    await client.subscribe(_SUBJECT, cb=on_message)


async def ask(client: Client) -> set[str]:
    """Return the models of all bots that answer. Bots of version 0.1 do not."""
    models: set[str] = set()
    inbox = client.new_inbox()
    with contextlib.suppress(NatsError, TimeoutError):
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(_SUBJECT, b"", inbox)
            async with asyncio.timeout(ANSWER_TIMEOUT):
                while True:
                    message = await subscription.next_msg(timeout=ANSWER_TIMEOUT)
                    if message.data:  # empty if no bot listens
                        models.add(message.data.decode(errors="replace"))
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()
    return models
