"""Which models the bots at a queue ask for: a question that each bot answers by itself."""

import asyncio
import contextlib

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

_SUBJECT = "clipbot.models"
# Every bot answers at once; nobody knows how many there are.
PATIENCE = 1.0


async def answer(client: Client, model: str) -> None:
    """Answers with `model` from now on."""

    async def on_message(message: Msg) -> None:
        with contextlib.suppress(NatsError):
            await message.respond(model.encode(errors="replace"))

    await client.subscribe(_SUBJECT, cb=on_message)


async def ask(client: Client) -> set[str]:
    """The models of all bots that answer; none where they are of 0.1, or away."""
    models: set[str] = set()
    inbox = client.new_inbox()
    with contextlib.suppress(NatsError, TimeoutError):
        subscription = await client.subscribe(inbox)
        try:
            await client.publish(_SUBJECT, b"", inbox)
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await subscription.next_msg(timeout=PATIENCE)
                    if message.data:  # without: the server says that nobody listens
                        models.add(message.data.decode(errors="replace"))
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()
    return models
