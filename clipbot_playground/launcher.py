"""`clipbot playground`: the real bot, queue and worker, with a web page in place of Telegram.

    page ⇄ Bot API server ⇄ bot ⇄ nats-server ⇄ worker
    └──── this process ──┘  └── a process of its own each ──┘

Chats exist in this process only, so what the bot stored about them is deleted at the next start.
The real bot's files, one folder up, are never touched.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from bot.services.child_command import with_direct_loopback
from bot.services.disk import Disk
from bot.services.embedded import embedded_bot, embedded_worker
from bot.services.nats_server import EmbeddedNatsServer
from bot.services.queue_health import OwnServer, QueueHealth
from bot.settings import BotSettings
from clipbot_playground.botapi.delivery.loopback_server import LoopbackServer
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.download import Download
from clipbot_playground.page.download_process import fetch
from clipbot_playground.page.gallery import Gallery
from clipbot_playground.page.model_choice import ModelChoice, choose
from clipbot_playground.page.offer import ModelOffer
from clipbot_playground.page.site import Site
from clipbot_playground.page.system_panel import SystemPanel
from clipbot_playground.programs import Programs
from inference.model.hub.cache import find_complete
from inference.protocol import tasks
from inference.protocol.broker.client import connect, results_subject
from inference.protocol.errors import SettingError
from inference.protocol.settings import DEFAULT_MODEL, SharedSettings

_BOT_ID = 42  # the user id in the token


class PlaygroundSettings(SharedSettings):
    """The settings of `clipbot playground`, which needs no token."""

    data_dir: Path = Path("data")


class Playground:
    """Page, Bot API server, queue, worker and bot; they run inside an `async with` block.

    Args:
        port: of the page; 0 takes a free one.
        offered: the model that the page offers to get while the demo model answers.

    Attributes:
        server: the Bot API server behind the page.
        system_panel: the figures of the page's panel.
        site: the page's server.
        offer: of the real CLIP; None if the demo model does not answer.
    """

    def __init__(
        self, settings: PlaygroundSettings, port: int, offered: str = DEFAULT_MODEL
    ) -> None:
        self._settings = settings
        self._folder = settings.data_dir.absolute() / "playground"
        chosen = settings.clip_model if "clip_model" in settings.model_fields_set else None
        model = choose(chosen)
        token = f"{_BOT_ID}:{secrets.token_urlsafe(24)}"
        self.server = BotApiServer(token, username="clip_bot")
        notifier = self.server.world.notifier
        self.system_panel = SystemPanel(notifier, model, _download(model))
        self.offer: ModelOffer | None = None
        if model.is_demo:
            self.offer = ModelOffer(
                offered,
                lambda: fetch(offered, self._environment(offered)),
                lambda: self._change_to(offered),
                notifier.notify,
            )
        self.site = Site(self.server, self.system_panel, Gallery(), self.offer)
        self._loopback_server = LoopbackServer(self.site.application, port)
        self._port = port
        self._stack = AsyncExitStack()

    @property
    def url(self) -> str:
        """The address of the page."""
        return self._loopback_server.url

    async def __aenter__(self) -> Self:
        """Start everything, and return once the page answers; bot and worker start meanwhile.

        Raises:
            SettingError: the port or the folder can't be used, or torch is not installed.
            QueueUnavailable: nats-server did not start.
        """
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        nats = EmbeddedNatsServer(self._folder / "nats")
        self._own_folder(stack)
        await nats.end_leftover()
        self._delete_leftovers()
        await self.server.start()
        stack.push_async_callback(self.server.stop)
        self._add_people()
        try:
            await self._loopback_server.start()
        except OSError as error:
            raise SettingError(
                f"--port: 127.0.0.1:{self._port} can't be used ({error.strerror}); "
                "0 takes a free one."
            ) from error

        async def close_page() -> None:
            self.server.world.updates.close()  # ends event streams; `stop` would wait for them
            await self._loopback_server.stop()

        stack.push_async_callback(close_page)
        await nats.start()
        stack.push_async_callback(nats.stop)
        queue = await connect(nats.url, name="clipbot-playground")
        stack.push_async_callback(queue.close)
        await queue.prepare(self._settings.max_queue, owner=True)
        watching = asyncio.create_task(self.system_panel.watch(queue, results_subject(_BOT_ID)))
        stack.push_async_callback(tasks.end, watching)
        # The bot did not start this nats-server, so it can't restart it.
        health = QueueHealth(queue, OwnServer(Disk(self._folder), nats.restart))
        watching_health = asyncio.create_task(tasks.keep_going(health.watch))
        stack.push_async_callback(tasks.end, watching_health)
        self._programs = Programs(
            queue,
            lambda model: embedded_worker(nats.url, self._environment(model)),
            lambda model: embedded_bot(self._bot_environment(model, nats.url), self._folder),
        )
        self.system_panel.children = self._programs.children
        stack.push_async_callback(self._programs.stop)
        await self._programs.start(self.system_panel.model.name)
        if self.offer is not None:
            stack.push_async_callback(tasks.end, asyncio.create_task(self.offer.watch()))

    async def _change_to(self, model: str) -> None:
        await self._programs.change_to(model)
        self.system_panel.change_model(ModelChoice(model))

    def _own_folder(self, stack: AsyncExitStack) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((self._folder / "playground.lock").open("w"))
        except OSError as error:
            raise SettingError(
                f"DATA_DIR ({self._folder}) can't be written: {error.strerror}."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingError(
                f"Another playground runs in {self._folder}; stop it or set another DATA_DIR."
            ) from None

    def _delete_leftovers(self) -> None:
        for leftover in self._folder.glob("*"):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            elif leftover.name.startswith("clipbot.db"):
                leftover.unlink(missing_ok=True)

    def _add_people(self) -> None:
        """Add the first people and their group. The first person is the bot's admin."""
        alex, bea, carlos = (
            self.site.add_person(name, language)
            for name, language in (("Alex", "en"), ("Bea", "en"), ("Carlos", "es"))
        )
        self.server.group("Picture club", [alex, bea, carlos])

    def _environment(self, model: str) -> dict[str, str]:
        """Return the worker's environment: the operator's without the settings of the real bot."""
        bot_settings = set(BotSettings.model_fields) - set(SharedSettings.model_fields)
        kept = {
            name: value for name, value in os.environ.items() if name.lower() not in bot_settings
        }
        quiet = "log_level" not in self._settings.model_fields_set
        return with_direct_loopback(kept) | {
            "CLIP_MODEL": model,
            "MAX_QUEUE": str(self._settings.max_queue),
            "MAX_LABELS": str(self._settings.max_labels),
            "LOG_LEVEL": "WARNING" if quiet else self._settings.log_level,
            "LOG_FORMAT": self._settings.log_format,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # the page shows the progress
            "TELEGRAM_BOT_TOKEN": "",
        }

    def _bot_environment(self, model: str, nats_url: str) -> dict[str, str]:
        return self._environment(model) | {
            "TELEGRAM_BOT_TOKEN": self.server.token,
            "TELEGRAM_API_URL": self.server.url,
            "NATS_URL": nats_url,
            "DATA_DIR": str(self._folder),
            "METRICS_PORT": "0",
            "ADMIN_IDS": str(next(iter(self.site.people))),
        }


async def run(
    settings: PlaygroundSettings, port: int, started: Callable[[Playground], None]
) -> None:
    """Run a playground until SIGINT or SIGTERM.

    Args:
        started: called once the page answers.

    Raises:
        SettingError, QueueUnavailable: as when a `Playground` is entered.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Playground(settings, port) as playground:
        started(playground)
        await stop.wait()


def _download(model: ModelChoice) -> Download | None:
    """Return the download that the worker needs first, if any."""
    if not model.comes_from_hub or find_complete(model.name):
        return None
    return Download(model.name)
