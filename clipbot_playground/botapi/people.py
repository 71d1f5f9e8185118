"""People whom a test moves: they send, edit and press, and wait for the bot's messages.

    photo = await alice.sends(photo=jpeg, caption="dog, cat")
    answer = await alice.hears(reply_to=photo)
    shown = await alice.presses(answer, "Why?")

People use Telegram's own clients, so the limits for bots do not apply to them.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, TypedDict, Unpack, overload

from clipbot_playground.botapi.methods import commands, profile
from clipbot_playground.botapi.model import media
from clipbot_playground.botapi.model.chats import Chat, Message, Topic
from clipbot_playground.botapi.model.content import Content, InlineKeyboardButton
from clipbot_playground.botapi.model.entities import typed
from clipbot_playground.botapi.model.media import Media
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.state.world import CallbackAnswer, World

# Seconds. Generous, for a slow machine that runs other tests at the same time.
_TIMEOUT: Final = 20.0


class Destination(TypedDict, total=False):
    """Where something is sent. Without `to` it is the chat of `reply_to`, else the private chat."""

    to: Chat | None
    reply_to: Message | None
    topic: Topic | None


class ItemOptions(Destination, total=False):
    """What is sent: one kind of media at most, with its caption.

    Attributes:
        location: latitude and longitude.
        contact: phone number and first name.
        sticker_kind: `static` for WebP, `animated` for TGS, `video` for WebM.
        size: declared number of bytes; a test of large files needs no large file.
    """

    photo: bytes
    document: bytes
    sticker: bytes
    animation: bytes
    video: bytes
    voice: bytes
    location: tuple[float, float]
    contact: tuple[str, str]
    caption: str
    file_name: str
    mime_type: str
    sticker_kind: Literal["static", "animated", "video"]
    size: int


class AlbumOptions(Destination, total=False):
    """How an album is sent.

    Attributes:
        caption: of the item with the index `caption_on`.
        captions: instead, one for each item; "" for none.
        file_names: of documents; by default 0.jpg, 1.jpg, …
    """

    caption: str
    caption_on: int
    captions: Sequence[str]
    album_of: Literal["photo", "document"]
    file_names: Sequence[str]


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
        **given: Any,
    ) -> Message | list[Message]:
        """Send a text, a photo, other media or an album, and return what was sent.

        Args:
            what: a text, or a photo as bytes.
            album: the photos or documents of an album.

        Raises:
            NotAPhotoError: a photo can't be decoded; Telegram's clients refuse it too.
            ValueError: the person is not in that chat, or has blocked the bot.
        """
        chat = to or (reply_to.chat if reply_to is not None else self.chat)
        contents = (
            await self._album(album, **given) if album else [await self._content(what, **given)]
        )
        self._enter(chat)
        group_id = str(secrets.randbits(53)) if album else None
        said = [
            self._world.post(
                chat,
                self.user,
                content,
                reply_to=reply_to,
                thread_id=topic.id if topic is not None else None,
                media_group_id=group_id,
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

    async def hears(
        self,
        *,
        reply_to: Message | Sequence[Message] | None = None,
        edit_of: Message | None = None,
        chat: Chat | None = None,
        matching: Callable[[Message], bool] = lambda message: True,
        within: float = _TIMEOUT,
    ) -> Message:
        """Return the bot's next message in a chat that this person has not heard yet.

        Args:
            reply_to: only a reply to this message, or to one of this album.
            edit_of: wait for the next edit of this message of the bot instead.
            chat: by default the chat of `reply_to`, or else the private chat.
            matching: only a message for which this returns True.
            within: seconds to wait.

        Raises:
            AssertionError: no message came; the error contains the chat so far.
        """
        asked = [reply_to] if isinstance(reply_to, Message) else list(reply_to or ())
        where = chat or next((message.chat for message in asked), self.chat)

        def look() -> Message | None:
            candidates = [edit_of] if edit_of is not None else list(where.messages.values())
            for message in candidates:
                seen = self._seen.get(message, 0 if edit_of is None else 1)
                is_new = len(message.versions) > seen if edit_of else message not in self._seen
                is_answer = not asked or message.reply_to in asked
                if message.sender.is_bot and is_new and is_answer and matching(message):
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

    def _enter(self, chat: Chat) -> None:
        if chat.is_private:
            if chat.bot_status == "kicked":
                raise ValueError(f"{self.user.first_name} has blocked the bot")
            chat.started = True
        elif self.user.id not in chat.members:
            raise ValueError(f"{self.user.first_name} is not in {chat.title}")

    async def _content(
        self, what: str | bytes, *, caption: str | None = None, **thing: Any
    ) -> Content:
        if isinstance(what, bytes):
            thing["photo"] = what
            what = ""
        return Content(typed(caption or what), await self._media(**thing))

    async def _album(
        self,
        items: Sequence[bytes],
        *,
        caption: str = "",
        caption_on: int = 0,
        captions: Sequence[str] = (),
        album_of: Literal["photo", "document"] = "photo",
        file_names: Sequence[str] = (),
    ) -> list[Content]:
        names = file_names or [f"{index}.jpg" for index in range(len(items))]
        words = captions or [caption if index == caption_on else "" for index in range(len(items))]
        # All items are prepared before the first is sent, so that no other message comes between.
        return [
            await self._content(
                "",
                caption=said,
                **{album_of: item},
                **({"file_name": name} if album_of == "document" else {}),
            )
            for item, name, said in zip(items, names, words, strict=True)
        ]

    async def _media(
        self,
        *,
        photo: bytes | None = None,
        document: bytes | None = None,
        sticker: bytes | None = None,
        animation: bytes | None = None,
        video: bytes | None = None,
        voice: bytes | None = None,
        location: tuple[float, float] | None = None,
        contact: tuple[str, str] | None = None,
        file_name: str = "",
        mime_type: str = "",
        sticker_kind: Literal["static", "animated", "video"] = "static",
        size: int | None = None,
    ) -> Media | None:
        files = self._world.files
        if photo is not None:
            return await media.photo(files, photo, size)
        if document is not None:
            return await media.document(files, document, file_name, mime_type, size)
        if sticker is not None:
            animated, moving = sticker_kind == "animated", sticker_kind == "video"
            return media.sticker(files, sticker, animated=animated, video=moving)
        if animation is not None:
            return media.animation(files, animation, 320, 240)
        if video is not None:
            return media.video(files, video, 320, 240)
        if voice is not None:
            return media.voice(files, voice)
        if location is not None:
            return media.Location(*location)
        return None if contact is None else media.Contact(*contact)


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
