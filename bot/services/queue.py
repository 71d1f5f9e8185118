"""The queue of this bot: the one at NATS_URL, or a server and a worker that the bot starts."""

import os
from contextlib import AsyncExitStack

from bot.services.disk import Disk
from bot.services.embedded import embedded_worker
from bot.services.nats_server import EmbeddedNatsServer
from bot.services.queue_health import OwnServer
from bot.settings import BotSettings
from inference.protocol.broker.client import Queue, connect
from inference.protocol.settings import WorkerSettings

# Seconds that a worker gets to finish its batch at a stop.
_WORKER_PATIENCE = 6.0


async def open_queue(
    settings: BotSettings, stack: AsyncExitStack, disk: Disk
) -> tuple[Queue, OwnServer | None]:
    """Connect to the queue at NATS_URL, or start a server and a worker of our own.

    Args:
        stack: closes and stops it all.
        disk: where our own server has its files.

    Raises:
        OperatorError: the server can't be started or reached.
    """
    url, own_server = settings.nats_url, None
    if url is None:
        server = EmbeddedNatsServer(settings.data_dir.absolute() / "nats")
        stack.push_async_callback(server.stop)
        await server.start()
        url, own_server = server.url, OwnServer(disk, server.restart)
    queue = await connect(url, name="clipbot-bot")
    stack.push_async_callback(queue.close)
    await queue.prepare(settings.max_queue, owner=True)
    if settings.nats_url is None:
        worker = embedded_worker(url, {**os.environ, **_worker_settings(settings)})
        stack.push_async_callback(worker.stop, _WORKER_PATIENCE)
        await worker.start()
    return queue, own_server


def _worker_settings(settings: BotSettings) -> dict[str, str]:
    """Return the settings that the worker must share with the bot; never our secrets."""
    of_the_bot_alone = BotSettings.model_fields.keys() - WorkerSettings.model_fields.keys()
    return {
        # Empty counts as unset: the worker does not need these, and tokens are among them.
        **{name.upper(): "" for name in of_the_bot_alone},
        "CLIP_MODEL": settings.clip_model,
        "MAX_QUEUE": str(settings.max_queue),
        "LOG_LEVEL": settings.log_level,
        "LOG_FORMAT": settings.log_format,
    }
