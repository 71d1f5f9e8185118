"""People whom a test moves: they send, edit and press, and wait for the bot's messages.

    photo = await alice.sends(photo=jpeg, caption="dog, cat")
    answer = await alice.hears(reply_to=photo)
    shown = await alice.presses(answer, "Why?")

People use Telegram's own clients, so the limits for bots do not apply to them.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Unpack, overload
from urllib.parse import parse_qs, urlsplit

from clipbot_playground.botapi import items
from clipbot_playground.botapi.items import AlbumOptions, ItemOptions
from clipbot_playground.botapi.methods import commands, profile
from clipbot_playground.botapi.methods.inline import START_PARAMETER
from clipbot_playground.botapi.model import limits, media
from clipbot_playground.botapi.model.chats import Chat, Message, Topic
from clipbot_playground.botapi.model.content import Content, InlineKeyboardButton
from clipbot_playground.botapi.model.entities import typed, utf16_length
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.state.world import CallbackAnswer, InlineAnswer, World

# Seconds. Generous, for a slow machine that runs other tests at the same time.
_TIMEOUT: Final = 20.0
# The sender of anonymous admins' messages, for bots that do not know `sender_chat`.
_ANONYMOUS: Final = User(1087968824, "Group", username="GroupAnonymousBot", is_bot=True)


class SimulatedUser:
    """A person with a Telegram account and a private chat with the bot."""

    def __init__(self, world: World, user: User) -> None:
        self.user = user
        self._world = world
        # Number of versions that this person has heard, by message of the bot.
        self._seen: dict[Message, int] = {}

    @property
    def chat(self) -> Chat:
        """The private chat with the bot."""
        return self._world.chats[self.user.id]

    @overload
    async def sends(self, what: str | bytes = "", **thing: Unpack[ItemOptions]) -> Message: ...
    @overload
    async def sends(
        self, *, album: Sequence[bytes], **how: Unpack[AlbumOptions]
    ) -> list[Message]: ...
    async def sends(
        self,
        what: str | bytes = "",
        *,
        album: Sequence[bytes] = (),
        to: Chat | None = None,
        reply_to: Message | None = None,
        topic: Topic | None = None,
        anonymous: bool = False,
        **given: Any,
    ) -> Message | list[Message]:
        """Send a text, a photo, other media or an album, and return what was sent.

        Args:
            what: a text, or a photo as bytes.
            album: the photos or documents of an album.

        Raises:
            NotAPhotoError: a photo can't be decoded; Telegram's clients refuse it too.
            ValueError: the person is not in that chat or not its admin, or has blocked the bot.
        """
        chat = to or (reply_to.chat if reply_to is not None else self.chat)
        files = self._world.files
        contents = (
            await items.album(files, album, **given)
            if album
            else [await items.content(files, what, **given)]
        )
        self._enter(chat)
        extra = self._in_the_name_of(chat) if anonymous else {}
        group_id = str(secrets.randbits(53)) if album else None
        said = [
            self._world.post(
                chat,
                self.user,
                content,
                reply_to=reply_to,
                thread_id=topic.id if topic is not None else None,
                media_group_id=group_id,
                extra=extra,
            )
            for content in contents
        ]
        return said if album else said[0]

    async def edits(
        self,
        message: Message,
        text: str | None = None,
        *,
        caption: str | None = None,
        photo: bytes | None = None,
    ) -> None:
        """Change the text, the caption or the photo of the person's own message."""
        if message.sender != self.user:
            raise ValueError(f"{message} is not by {self.user.first_name}")
        content = message.content
        words = caption if caption is not None else text
        if words is not None:
            content = replace(content, words=typed(words))
        if photo is not None:
            content = replace(content, media=await media.photo(self._world.files, photo))
        self._world.edit(message, content)

    async def presses(
        self, message: Message, button: str, *, within: float = _TIMEOUT
    ) -> CallbackAnswer:
        """Press an inline button, and return what answerCallbackQuery showed.

        Args:
            button: its label, its data, or a part of its label.
            within: seconds to wait for the bot's answer.

        Raises:
            TimeoutError: the bot has not answered the callback query.
            ValueError: the message has no such button with callback data.
        """
        query_id = self._world.press(self.user, message, _data(message, button))
        return await self._world.notifier.until(lambda: self._world.callbacks[query_id], within)

    async def starts(self, parameter: str = "") -> Message:
        """Press "Start" in the private chat, as after opening a link with this parameter.

        Raises:
            ValueError: it is not 1 to 64 of A-Z, a-z, 0-9, _ and -.
        """
        if parameter and not START_PARAMETER.fullmatch(parameter):
            raise ValueError(f"Telegram's clients ignore the start parameter {parameter!r}")
        return await self.sends(f"/start {parameter}".strip())

    async def opens(self, link: str) -> Message:
        """Open a link to the bot, `https://t.me/USERNAME?start=PARAMETER`, and press "Start".

        Raises:
            ValueError: it is no such link, or one to another bot.
        """
        parts = urlsplit(link)
        named = parts.path.strip("/").lower()
        if parts.scheme != "https" or parts.netloc != "t.me" or named != self._bot_name:
            raise ValueError(f"{link} is no link to the bot")
        return await self.starts(parse_qs(parts.query).get("start", [""])[0])

    async def queries(
        self, text: str = "", *, chat: Chat | None = None, within: float = _TIMEOUT
    ) -> InlineAnswer:
        """Type the bot's name and a text in the input field of a chat; return what it offers.

        Args:
            chat: by default the private chat. The bot need not be in it.
            within: seconds to wait for the bot's answer.

        Raises:
            TimeoutError: the bot has not answered the inline query.
            ValueError: the text is too long, or inline mode is off.
        """
        if not self._world.inline:
            raise ValueError("inline mode is off")
        if utf16_length(text) > limits.INLINE_QUERY_LENGTH:
            raise ValueError(f"Telegram sends up to {limits.INLINE_QUERY_LENGTH} characters")
        query_id = self._world.query(self.user, text, chat or self.chat)
        return await self._world.notifier.until(
            lambda: self._world.inline_answers[query_id], within
        )

    async def chooses(
        self, answer: InlineAnswer, choice: str, *, to: Chat | None = None
    ) -> Message:
        """Choose one of the results of an inline query, and return the message that this sends.

        Args:
            choice: its title or its id.

        Raises:
            ValueError: there is no such choice, or the person is not in that chat.
        """
        chosen = next((one for one in answer.choices if choice in {one.title, one.id}), None)
        if chosen is None:
            raise ValueError(f"no choice {choice!r} among {[c.title for c in answer.choices]}")
        chat = to or self.chat
        self._enter(chat)
        return self._world.post(chat, self.user, Content(chosen.words), via_bot=self._world.bot)

    async def hears(
        self,
        *,
        reply_to: Message | Sequence[Message] | None = None,
        edit_of: Message | None = None,
        chat: Chat | None = None,
        matching: Callable[[Message], bool] | None = None,
        within: float = _TIMEOUT,
    ) -> Message:
        """Return the bot's next message in a chat that this person has not heard yet.

        Args:
            reply_to: only a reply to this message, or to one of this album.
            edit_of: wait for the next edit of this message of the bot instead.
            chat: by default the chat of `reply_to`, or else the private chat.
            matching: only a message for which this returns True; by default `World.is_heard`.
            within: seconds to wait.

        Raises:
            AssertionError: no message came; the error contains the chat so far.
        """
        asked = [reply_to] if isinstance(reply_to, Message) else list(reply_to or ())
        where = chat or next((message.chat for message in asked), self.chat)
        is_wanted = matching or self._world.is_heard

        def look() -> Message | None:
            candidates = [edit_of] if edit_of is not None else list(where.messages.values())
            for message in candidates:
                seen = self._seen.get(message, 0 if edit_of is None else 1)
                is_new = len(message.versions) > seen if edit_of else message not in self._seen
                is_answer = not asked or message.reply_to in asked
                if message.sender.is_bot and is_new and is_answer and is_wanted(message):
                    self._seen[message] = len(message.versions)
                    return message
            return None

        try:
            return await self._world.notifier.until(look, within)
        except TimeoutError:
            what = f" to {asked}" if asked else f", an edit of {edit_of}" if edit_of else ""
            place = edit_of.chat if edit_of is not None else where
            raise AssertionError(
                f"{self.user.first_name} heard nothing{what} within {within:g} s in {place}"
            ) from None

    def sees_commands(self, chat: Chat | None = None) -> list[str]:
        """Return the names in the menu of commands that this person's client shows."""
        found = commands.menu(self._world, self.user, chat or self.chat)
        return [command["command"] for command in found]

    def sees_description(self) -> str:
        """Return the text under "What can this bot do?", in the person's language."""
        return profile.shown(self._world.descriptions, self.user)

    def deletes(self, message: Message) -> None:
        """Delete a message for everybody."""
        self._world.delete(message)

    def blocks(self) -> None:
        """Block the bot: it gets an update, and can no longer write in the private chat."""
        self._world.set_bot_status(self.chat, self.user, "kicked")

    def unblocks(self) -> None:
        """Let the bot write again; it gets an update."""
        self._world.set_bot_status(self.chat, self.user, "member")

    @property
    def _bot_name(self) -> str:
        return (self._world.bot.username or "").lower()

    def _in_the_name_of(self, group: Chat) -> dict[str, Any]:
        """Return the fields of a message that an anonymous admin sends."""
        if self.user.id != group.owner and self.user.id not in group.administrators:
            raise ValueError(f"{self.user.first_name} is no admin of {group.title}")
        return {"from": _ANONYMOUS.to_json(), "sender_chat": group.to_json()}

    def _enter(self, chat: Chat) -> None:
        if chat.is_private:
            if chat.bot_status == "kicked":
                raise ValueError(f"{self.user.first_name} has blocked the bot")
            chat.started = True
        elif self.user.id not in chat.members:
            raise ValueError(f"{self.user.first_name} is not in {chat.title}")


def _data(message: Message, wanted: str) -> str:
    buttons = message.keyboard
    looks: tuple[Callable[[InlineKeyboardButton], bool], ...] = (
        lambda button: button.text == wanted,
        lambda button: button.value == wanted,
        lambda button: wanted in button.text,
    )
    for look in looks:
        for button in filter(look, buttons):
            if button.action == "callback_data":
                return str(button.value)
    raise ValueError(f"no button {wanted!r} to press among {[b.text for b in buttons]}")
