"""Commands about the person and the bot: labels, template, language, help, privacy."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot.chat.people import Speaker, is_private, place_of, speaker
from bot.games.runner import GameRunner
from bot.i18n import choose, languages, speak
from bot.platform.ports import TargetGone
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import MEMORY_HOURS, Store
from bot.telegram.platform import TelegramPlatform, telegram_errors
from inference.protocol.broker.client import Queue
from inference.protocol.errors import LabelsRefused
from inference.protocol.labels import MAX_LABEL_LENGTH, parse

_LANGUAGE = "language:"
_FORGET = "forget-me"

Handler = Callable[[Message, Speaker, str], Awaitable[None]]
Sort = Callable[[Message, Speaker], Awaitable[None]]

# What these store concerns the picture, too, whose caption they are.
ABOUT_PICTURES = frozenset({"labels", "template"})


class Preferences:
    """Each command takes the message, who speaks, and what follows the command.

    Args:
        sort: sorts a message's own picture, if it has one, by what is stored.
    """

    def __init__(
        self,
        platform: TelegramPlatform,
        store: Store,
        registry: WorkerRegistry,
        queue: Queue,
        runner: GameRunner,
        *,
        max_labels: int,
        admin_ids: frozenset[int],
        sort: Sort | None = None,
    ) -> None:
        self._platform = platform
        self._store = store
        self._registry = registry
        self._queue = queue
        self._runner = runner
        self._max_labels = max_labels
        self._admin_ids = admin_ids
        self._sort = sort
        self.commands: dict[str, Handler] = {
            "start": self._start,
            "help": self._help,
            "labels": self._labels,
            "template": self._template,
            "language": self._language,
            "privacy": self._privacy,
            "cancel": self._cancel,
            "status": self._status,
        }

    async def _say(
        self, message: Message, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        await self._platform.send_text(place_of(message), text, keyboard)

    async def _start(self, message: Message, who: Speaker, _argument: str) -> None:
        if is_private(message):
            text = who.sentences.start(message.from_user.first_name if message.from_user else "")
        else:
            text = who.sentences.start_in_group()
        if self._registry.is_demo:
            text += "\n\n" + who.sentences.demo_note()
        await self._say(message, text)

    async def _help(self, message: Message, who: Speaker, _argument: str) -> None:
        tell = who.sentences.help if is_private(message) else who.sentences.help_in_group
        text = tell(self._max_labels)
        if self._registry.is_demo:
            text += "\n\n" + who.sentences.demo_note()
        await self._say(message, text)

    async def _labels(self, message: Message, who: Speaker, argument: str) -> None:
        if argument.lower() == "clear":
            await self._store.set_labels(who.user_id, ())
            text = who.sentences.labels_cleared()
        elif argument:
            try:
                labels = parse(argument, max_labels=self._max_labels)
            except LabelsRefused as error:
                await self._say(message, who.sentences.labels_refused(error))
                return
            await self._store.set_labels(who.user_id, labels)
            noted = who.sentences.labels_set
            text = (noted if is_private(message) else who.sentences.labels_set_in_group)(labels)
        elif who.person.labels:
            text = who.sentences.labels_shown(who.person.labels)
        else:
            text = who.sentences.labels_none()
        await self._sort_by_stored(message, who)
        await self._say(message, text)

    async def _template(self, message: Message, who: Speaker, argument: str) -> None:
        if argument.lower() == "clear":
            await self._store.set_template(who.user_id, None)
            text = who.sentences.template_cleared()
        elif argument:
            template = " ".join(argument.split())
            if template.count("{}") != 1 or len(template) > MAX_LABEL_LENGTH:
                await self._say(message, who.sentences.template_wrong(MAX_LABEL_LENGTH))
                return
            await self._store.set_template(who.user_id, template)
            text = who.sentences.template_set(template)
        elif who.person.template:
            text = who.sentences.template_shown(who.person.template)
        else:
            text = who.sentences.template_none()
        await self._sort_by_stored(message, who)
        await self._say(message, text)

    async def _sort_by_stored(self, message: Message, who: Speaker) -> None:
        """Sorts the picture whose caption a command is, in private.

        Before anything is said: where this fails, the command is carried out once more.
        """
        if self._sort and is_private(message) and message.caption and not message.media_group_id:
            await self._sort(message, replace(who, person=await self._store.person(who.user_id)))

    async def _language(self, message: Message, who: Speaker, argument: str) -> None:
        if not argument:
            buttons = [
                InlineKeyboardButton(name, callback_data=_LANGUAGE + code)
                for code, name in languages().items()
            ]
            text = who.sentences.language_question()
            await self._say(message, text, InlineKeyboardMarkup([buttons]))
            return
        wanted = argument.strip().lower()
        names = {name.lower(): code for code, name in languages().items()}
        code = names.get(wanted, wanted)
        if code not in languages():
            await self._say(message, who.sentences.language_unknown())
            return
        await self._store.set_language(who.user_id, code)
        await self._say(message, speak(code).language_set())

    async def _privacy(self, message: Message, who: Speaker, _argument: str) -> None:
        button = InlineKeyboardButton(who.sentences.delete_button(), callback_data=_FORGET)
        keyboard = InlineKeyboardMarkup([[button]]) if is_private(message) else None
        await self._say(message, who.sentences.privacy(MEMORY_HOURS), keyboard)

    async def _cancel(self, message: Message, who: Speaker, _argument: str) -> None:
        asked = await self._store.open_question(message.chat_id, who.user_id)
        await self._say(
            message, who.sentences.cancelled() if asked else who.sentences.nothing_to_cancel()
        )
        # Only now: where saying so fails, it is said once more, and is to be as true then.
        await self._store.close_questions(message.chat_id, who.user_id)

    async def _status(self, message: Message, who: Speaker, _argument: str) -> None:
        if who.user_id not in self._admin_ids:
            if is_private(message):
                await self._say(message, who.sentences.unknown_command())
            return
        workers = [
            f"{w.model} · {w.device or '?'} · {w.state}{' · ' + w.reason if w.reason else ''}"
            + ("" if self._registry.is_ours(w) else f" · {who.sentences.takes_no_jobs()}")
            for w in self._registry.workers
        ]
        waiting = await self._queue.jobs_waiting()
        text = who.sentences.status(waiting, workers)
        if not self._registry.takers:
            text += "\n" + who.sentences.no_worker_for(self._registry.model)
        await self._say(message, text)

    async def press(self, query: CallbackQuery) -> None:
        """A button of ours was pressed. Always answered, or the client would wait for it."""
        data = query.data or ""
        who = await speaker(query.from_user, self._store)
        if data.startswith(_LANGUAGE):
            code = choose(data.removeprefix(_LANGUAGE), None)
            await self._store.set_language(who.user_id, code)
            text = speak(code).language_set()
        elif data == _FORGET:
            await self._runner.forget(who.user_id)
            await self._store.forget_person(who.user_id)
            text = who.sentences.deleted()
        else:
            text = ""
        # After a long stop the press is too old to be answered; what it did is told all the same.
        with contextlib.suppress(TargetGone):
            async with telegram_errors():
                await query.answer(text)
        if text and isinstance(query.message, Message) and query.message.text != text:
            place = place_of(query.message)
            await self._platform.edit_to_text(place, place.message_id, text)
