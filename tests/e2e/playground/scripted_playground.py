"""The page with a bot whose calls the test makes itself."""

from contextlib import AsyncExitStack
from typing import Self

from telegram import Bot, CallbackQuery

from clipbot_playground.botapi.delivery.loopback_server import LoopbackServer
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.download import DownloadedBytes
from clipbot_playground.page.gallery import Gallery
from clipbot_playground.page.model_choice import ModelChoice
from clipbot_playground.page.offer import ModelOffer
from clipbot_playground.page.site import Site
from clipbot_playground.page.system_panel import SystemPanel
from inference.protocol.messages import WorkerStatus


class ScriptedPlayground:
    """A page and a Bot API server; they run inside an `async with` block.

    Attributes:
        bot: python-telegram-bot's `Bot`, connected to the server behind the page.
        system_panel: the panel's figures, without a queue; see `shows`.
    """

    bot: Bot

    def __init__(self, model: str = "demo", offer: ModelOffer | None = None) -> None:
        self.server = BotApiServer()
        self.system_panel = SystemPanel(self.server.world.notifier, ModelChoice(model))
        self.site = Site(self.server, self.system_panel, Gallery(), offer)
        self._loopback_server = LoopbackServer(self.site.application)
        self._stack = AsyncExitStack()
        self._offset = 0

    @property
    def url(self) -> str:
        return self._loopback_server.url

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.server)
        await self._loopback_server.start()
        self._stack.push_async_callback(self._close_page)
        base = self.server.url
        bot = Bot(self.server.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot")
        self.bot = await self._stack.enter_async_context(bot)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        assert self.server.violations == []

    def shows(self, worker: WorkerStatus, progress: DownloadedBytes | None = None) -> None:
        """Set the state of the worker and the progress of its model's download."""
        self.system_panel.workers = [worker]
        self.system_panel.progress = progress or DownloadedBytes()
        self.system_panel.revision += 1
        self.server.world.notifier.notify()

    async def pressed(self) -> CallbackQuery:
        """Return the next press of a button."""
        while True:
            for update in await self.bot.get_updates(self._offset, timeout=10):
                self._offset = update.update_id + 1
                if update.callback_query is not None:
                    return update.callback_query

    async def _close_page(self) -> None:
        self.server.world.updates.close()
        await self._loopback_server.stop()
