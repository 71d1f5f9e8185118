"""All that label sets add to the bot, for the router."""

from bot.chat.label_sets.commands import LabelsCommand, Sort
from bot.chat.label_sets.finder import LabelFinder
from bot.chat.label_sets.inline import InlineLabels
from bot.chat.label_sets.presses import LabelSetPresses
from bot.chat.label_sets.sharing import START, SetSharing
from bot.chat.label_sets.views import PREFIX
from bot.chat.people import Speaker
from bot.platform.incoming import IncomingMessage
from bot.platform.ports import ChatPlatform
from bot.storage import Store


class LabelSetHandlers:
    """The handlers.

    Attributes:
        commands: by name.
        presses: by the first word of what the button sends.
        start_links: by the first word of the parameter of `/start`.
        inline: answers inline queries.
    """

    def __init__(
        self, platform: ChatPlatform, store: Store, *, max_labels: int, sort: Sort
    ) -> None:
        finder = LabelFinder(store, max_labels=max_labels)
        sharing = SetSharing(platform, store)
        command = LabelsCommand(platform, store, finder, sharing, sort)
        self._presses = LabelSetPresses(platform, store, finder, command, sharing)
        self._inline = InlineLabels(platform, store, finder, max_labels=max_labels)
        self.commands = {"labels": command.handle}
        self.presses = {PREFIX: self._presses.press}
        self.start_links = {START: sharing.open}
        self.inline = self._inline.query

    async def message(self, message: IncomingMessage, who: Speaker) -> bool:
        """Handle a message without a command; False if it does not concern label sets."""
        return await self._presses.reply(message, who) or await self._inline.chosen(message, who)
