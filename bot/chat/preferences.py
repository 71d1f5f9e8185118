"""Commands about the person and the bot: labels, template, language, help, privacy."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.chat.people import Speaker, speaker_of
from bot.i18n import choose, languages, speak
from bot.platform.incoming import ButtonPress, IncomingMessage
from bot.platform.ports import Button, Buttons, ChatPlatform, TargetGone
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import MEMORY_HOURS, Store
from inference.protocol.broker.client import Queue
from inference.protocol.errors import LabelsRefused
from inference.protocol.labels import MAX_LABEL_LENGTH, parse

_LANGUAGE = "language:"
_FORGET = "forget-me"

CommandHandler = Callable[[IncomingMessage, Speaker, str], Awaitable[None]]
Sort = Callable[[IncomingMessage, Speaker], Awaitable[None]]
Forget = Callable[[int], Awaitable[None]]
GamesHelp = Callable[[str], Sequence[str]]

# As a caption, these commands also sort the picture, by what they have just stored.
ABOUT_PICTURES = frozenset({"labels", "template"})


class Preferences:
    """Each command takes the message, who speaks, and what follows the command.

    Args:
        sort: sorts a message's own picture, if it has one, by what is stored.
        forget: removes a person, by id, from the games that are running.
        games_help: the lines of `/help` about games, as HTML, in a language.
    """

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        registry: WorkerRegistry,
        queue: Queue,
        *,
        max_labels: int,
        admin_ids: frozenset[int],
        sort: Sort,
        forget: Forget,
        games_help: GamesHelp,
    ) -> None:
        self._platform = platform
        self._store = store
        self._registry = registry
        self._queue = queue
        self._max_labels = max_labels
        self._admin_ids = admin_ids
        self._sort = sort
        self._forget = forget
        self._games_help = games_help
        self.commands: dict[str, CommandHandler] = {
            "start": self._start,
            "help": self._help,
            "labels": self._labels,
            "template": self._template,
            "language": self._language,
            "privacy": self._privacy,
            "status": self._status,
        }
        self.presses = {"language": self.press, "forget-me": self.press}

    async def _say(self, message: IncomingMessage, text: str, buttons: Buttons = ()) -> None:
        await self._platform.send_text(message.ref, text, buttons)

    async def _start(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        if message.is_private:
            text = who.sentences.start(message.author.name)
        else:
            text = who.sentences.start_in_group()
        if self._registry.is_demo:
            text += "\n\n" + who.sentences.demo_note()
        await self._say(message, text)

    async def _help(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        if message.is_private:
            text = who.sentences.help(self._max_labels)
        else:
            games = self._games_help(who.sentences.language)
            text = who.sentences.help_in_group(self._max_labels, games)
        if self._registry.is_demo:
            text += "\n\n" + who.sentences.demo_note()
        await self._say(message, text)

    async def _labels(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
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
            text = (noted if message.is_private else who.sentences.labels_set_in_group)(labels)
        elif who.person.labels:
            text = who.sentences.labels_shown(who.person.labels)
        else:
            text = who.sentences.labels_none()
        await self._sort_by_stored(message, who)
        await self._say(message, text)

    async def _template(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
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

    async def _sort_by_stored(self, message: IncomingMessage, who: Speaker) -> None:
        """If a command is the caption of a picture in a private chat, sort that picture.

        Called before anything is said: if this fails, the command is carried out again.
        """
        if message.is_private and message.caption and not message.album_id:
            await self._sort(message, replace(who, person=await self._store.person(who.user_id)))

    async def _language(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        if not argument:
            buttons = tuple(Button(name, _LANGUAGE + code) for code, name in languages().items())
            await self._say(message, who.sentences.language_question(), (buttons,))
            return
        wanted = argument.strip().lower()
        names = {name.lower(): code for code, name in languages().items()}
        code = names.get(wanted, wanted)
        if code not in languages():
            await self._say(message, who.sentences.language_unknown())
            return
        await self._store.set_language(who.user_id, code)
        await self._say(message, speak(code).language_set())

    async def _privacy(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        delete = Button(who.sentences.delete_button(), _FORGET)
        buttons = ((delete,),) if message.is_private else ()
        await self._say(message, who.sentences.privacy(MEMORY_HOURS), buttons)

    async def _status(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        if who.user_id not in self._admin_ids:
            if message.is_private:
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

    async def press(self, press: ButtonPress) -> None:
        """Handle a pressed button. It is answered in any case: the app shows that it waits."""
        who = await speaker_of(press.author, self._store)
        if press.data.startswith(_LANGUAGE):
            code = choose(press.data.removeprefix(_LANGUAGE), None)
            await self._store.set_language(who.user_id, code)
            text = speak(code).language_set()
        elif press.data == _FORGET:
            await self._forget(who.user_id)
            await self._store.forget_person(who.user_id)
            text = who.sentences.deleted()
        else:
            text = ""
        # After a long stop the press is too old to be answered; the edit still tells what it did.
        with contextlib.suppress(TargetGone):
            await self._platform.answer_press(press, text)
        if text and press.ref and press.shown and press.shown.text != text:
            await self._platform.edit_to_text(press.ref, press.ref.message_id, text)
