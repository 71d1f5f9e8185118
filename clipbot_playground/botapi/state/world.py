"""Users, chats and messages behind one bot's token, without HTTP.

People act on them through `people`, the bot through `methods`.
"""

import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from clipbot_playground.botapi.delivery.notifier import Notifier
from clipbot_playground.botapi.delivery.updates import UpdateQueue
from clipbot_playground.botapi.delivery.webhooks import Webhook
from clipbot_playground.botapi.model.chats import (
    Chat,
    ChatAction,
    Message,
    Topic,
    is_seen_by,
    member,
)
from clipbot_playground.botapi.model.content import Content, ReplyRequest
from clipbot_playground.botapi.model.entities import FormattedText
from clipbot_playground.botapi.model.files import FileStore
from clipbot_playground.botapi.model.users import User

Json = dict[str, Any]
_SUPERGROUP: Final = -1_000_000_000_000  # supergroup 42 has the chat id -1000000000042


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What answerCallbackQuery showed to the person who pressed a button."""

    text: str
    show_alert: bool
    url: str


@dataclass(frozen=True, slots=True)
class InlineChoice:
    """One result of an inline query. `words` is the text that choosing it sends."""

    id: str
    title: str
    description: str
    words: FormattedText


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What answerInlineQuery showed.

    Attributes:
        query_id: the query that it answers.
        button: the label of the button above the choices; "" without a button.
        start_parameter: what that button sends in the private chat, after `/start`.
    """

    query_id: str
    choices: tuple[InlineChoice, ...]
    button: str = ""
    start_parameter: str = ""
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class CommandList:
    """Names a menu of commands by scope, as canonical JSON, and language."""

    scope: str
    language_code: str


class World:
    """Everything behind one bot's token.

    Attributes:
        notifier: is notified after every change.
        users: by user id, the bot among them.
        chats: by chat id.
        commands: menus of commands.
        descriptions: by language; "" stands for all languages without an entry.
        short_descriptions: the same for short descriptions.
        callbacks: by id of the callback query; None until the bot has answered.
        inline: whether people can send inline queries, which BotFather decides for each bot.
        inline_answers: by id of the inline query; None until the bot has answered.
        is_heard: which messages people hear unless a test says otherwise; all of them.
    """

    def __init__(self, bot: User, *, inline: bool = True) -> None:
        self.bot = bot
        self.inline = inline
        self.notifier = Notifier()
        self.files = FileStore()
        self.updates = UpdateQueue(self.notifier)
        self.webhook = Webhook(self.updates)
        self.users: dict[int, User] = {bot.id: bot}
        self.chats: dict[int, Chat] = {}
        self.commands: dict[CommandList, list[dict[str, str]]] = {}
        self.descriptions: dict[str, str] = {}
        self.short_descriptions: dict[str, str] = {}
        self.callbacks: dict[str, CallbackAnswer | None] = {}
        self.inline_answers: dict[str, InlineAnswer | None] = {}
        self.is_heard: Callable[[Message], bool] = lambda _: True
        self._ids = itertools.count(1001)

    def add_person(self, name: str, language: str | None, username: str | None) -> User:
        """Add a user and their private chat with the bot."""
        first_name, _, last_name = name.partition(" ")
        person = User(next(self._ids), first_name, last_name or None, username, language)
        self.users[person.id] = person
        self.chats[person.id] = Chat(person.id, "private", person=person)
        return person

    def add_group(
        self,
        title: str,
        members: Sequence[User],
        *,
        privacy_mode: bool,
        forum: bool,
        supergroup: bool,
        bot_is_admin: bool,
    ) -> Chat:
        """Add a group whose first member owns it and adds the bot, which gets an update."""
        number = next(self._ids)
        chat = Chat(
            _SUPERGROUP - number if supergroup or forum else -number,
            "supergroup" if supergroup or forum else "group",
            title,
            is_forum=forum,
            privacy=privacy_mode,
            bot_status="left",
            members={person.id: person for person in members},
            owner=members[0].id,
        )
        self.chats[chat.id] = chat
        self.set_bot_status(chat, members[0], "administrator" if bot_is_admin else "member")
        return chat

    def add_topic(self, chat: Chat, name: str, creator: User) -> Topic:
        """Add a topic to a forum."""
        created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        message = self.post(chat, creator, Content(), service=created, starts_thread=True)
        topic = chat.topics[message.message_id] = Topic(message.message_id, name)
        return topic

    def delete_topic(self, chat: Chat, topic: Topic) -> None:
        """Delete a topic with its messages."""
        del chat.topics[topic.id]
        for message in list(chat.messages.values()):
            if message.thread_id == topic.id:
                self.delete(message)

    def set_bot_status(self, chat: Chat, by: User, status: str) -> None:
        """Add, remove, promote, block or unblock the bot, and queue the updates about it."""
        before = chat.member_json(self.bot) if chat.members else member(self.bot, chat.bot_status)
        joins = status in {"member", "administrator"} and not chat.is_private
        was_in = self.bot.id in chat.members
        if joins:
            chat.members[self.bot.id] = self.bot
        elif not chat.is_private:
            chat.members.pop(self.bot.id, None)
        chat.bot_status = status
        after = member(self.bot, status) if chat.is_private else chat.member_json(self.bot)
        self.updates.push(
            "my_chat_member",
            {
                "chat": chat.to_json(),
                "from": by.to_json(),
                "date": int(time.time()),
                "old_chat_member": before,
                "new_chat_member": after,
            },
        )
        if joins and not was_in:
            self.post(chat, by, Content(), service={"new_chat_members": [self.bot.to_json()]})
        self.notifier.notify()

    def post(
        self,
        chat: Chat,
        sender: User,
        content: Content,
        *,
        reply_to: Message | None = None,
        thread_id: int | None = None,
        media_group_id: str | None = None,
        service: Json | None = None,
        extra: Json | None = None,
        force_reply: ReplyRequest | None = None,
        starts_thread: bool = False,
        via_bot: User | None = None,
    ) -> Message:
        """Post a message in a chat. A person's message becomes an update if the bot may see it."""
        message_id = chat.next_message_id()
        message = Message(
            chat,
            message_id,
            sender,
            int(time.time()),
            [content],
            reply_to,
            message_id if starts_thread else _thread(chat, reply_to, thread_id),
            media_group_id,
            service or {},
            extra or {},
            force_reply,
            via_bot=via_bot,
        )
        chat.messages[message.message_id] = message
        self._queue_update("message", message)
        self.notifier.notify()
        return message

    def edit(self, message: Message, content: Content) -> None:
        """Edit a message. A person's edit becomes an update if the bot may see it."""
        message.versions.append(content)
        message.edit_date = int(time.time())
        self._queue_update("edited_message", message)
        self.notifier.notify()

    def delete(self, message: Message) -> None:
        """Delete a message. The bot gets no update, as on Telegram."""
        message.deleted = True
        message.chat.messages.pop(message.message_id, None)
        self.notifier.notify()

    def act(self, chat: Chat, action: str, thread_id: int | None) -> None:
        """Show a chat action of the bot, such as "typing"."""
        chat.actions.append(ChatAction(action, time.time(), thread_id))
        self.notifier.notify()

    def press(self, person: User, message: Message, data: str) -> str:
        """Queue a callback query; return its id, the key of its answer in `callbacks`."""
        query_id = str(secrets.randbits(63))
        self.callbacks[query_id] = None
        self.updates.push(
            "callback_query",
            {
                "id": query_id,
                "from": person.to_json(),
                "message": message.to_json(),
                "chat_instance": str(message.chat.id * 7919),
                "data": data,
            },
        )
        return query_id

    def answer_callback(self, query_id: str, answer: CallbackAnswer) -> bool:
        """Store the answer to a callback query; return False if no such query is open."""
        if self.callbacks.get(query_id, answer) is not None:
            return False
        self.callbacks[query_id] = answer
        self.notifier.notify()
        return True

    def query(self, person: User, text: str, where: Chat) -> str:
        """Queue an inline query; return its id, the key of its answer in `inline_answers`."""
        query_id = str(secrets.randbits(63))
        self.inline_answers[query_id] = None
        self.updates.push(
            "inline_query",
            {
                "id": query_id,
                "from": person.to_json(),
                "query": text,
                "offset": "",
                # "sender" is the bot's own chat with the person.
                "chat_type": "sender" if where.is_private else where.type,
            },
        )
        return query_id

    def answer_inline(self, answer: InlineAnswer) -> bool:
        """Store the answer to an inline query; return False if no such query is open."""
        if self.inline_answers.get(answer.query_id, answer) is not None:
            return False
        self.inline_answers[answer.query_id] = answer
        self.notifier.notify()
        return True

    def _queue_update(self, kind: str, message: Message) -> None:
        if message.sender.id != self.bot.id and is_seen_by(self.bot, message):
            self.updates.push(kind, message.to_json())


def _thread(chat: Chat, reply_to: Message | None, thread_id: int | None) -> int | None:
    """Return the thread of a new message.

    In a forum a reply belongs to the topic of the message that it replies to. In other supergroups,
    which have no topics, it belongs to the thread of the first message in the chain of replies.
    """
    if thread_id is not None or reply_to is None or chat.type != "supergroup":
        return thread_id
    if chat.is_forum:
        return reply_to.thread_id
    return reply_to.thread_id or reply_to.message_id
