"""Commands about the person and the bot: template, language, help."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.chat.people import Speaker, speaker_of
from bot.i18n import choose, languages, speak
from bot.i18n.lengths import shown
from bot.platform.incoming import ButtonPress, IncomingMessage
from bot.platform.ports import Button, Buttons, ChatPlatform, TargetGone
from bot.queues.worker_registry import WorkerRegistry
from bot.storage import Store
from inference.protocol.broker.client import Queue
from inference.protocol.labels import AUTO_TEMPLATE, MAX_LABEL_LENGTH

_LANGUAGE = "language:"

_PHOTO = "a photo of {}"  # in English, as CLIP was trained
# What the buttons of `/template` set.
_TEMPLATES = {"auto": AUTO_TEMPLATE, "photo": _PHOTO, "none": None}

CommandHandler = Callable[[IncomingMessage, Speaker, str], Awaitable[None]]
Sort = Callable[[IncomingMessage, Speaker], Awaitable[None]]
GamesHelp = Callable[[str], Sequence[str]]

# As a caption, these commands also sort the picture, by what they have just stored.
ABOUT_PICTURES = frozenset({"labels", "template"})


class Preferences:
    """Each command takes the message, who speaks, and what follows the command.

    Args:
        sort: sorts a message's own picture, if it has one, by what is stored.
        games_help: the lines of `/help` about games, as HTML, in a language.
        start_links: handlers of links to a private chat, by what their parameter begins with, up
            to the first `_`. Each takes the whole parameter.
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
        games_help: GamesHelp,
        start_links: Mapping[str, CommandHandler] = MappingProxyType({}),
    ) -> None:
        self._platform = platform
        self._store = store
        self._registry = registry
        self._queue = queue
        self._max_labels = max_labels
        self._admin_ids = admin_ids
        self._sort = sort
        self._games_help = games_help
        self._start_links = start_links
        self.commands: dict[str, CommandHandler] = {
            "start": self._start,
            "help": self._help,
            "template": self._template,
            "language": self._language,
            "status": self._status,
        }
        self.presses = {
            "language": self.press,
            "template": self._press_template,
        }

    async def _say(self, message: IncomingMessage, text: str, buttons: Buttons = ()) -> None:
        await self._platform.send_text(message.ref, text, buttons)

    async def _start(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        if message.is_private and (opened := self._start_links.get(argument.partition("_")[0])):
            await opened(message, who, argument)
            return
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

    async def _template(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        template = who.person.template
        if argument:
            template = _template_typed(argument)
            if not _is_template(template):
                await self._say(message, who.sentences.template_wrong(MAX_LABEL_LENGTH))
                return
            await self._store.set_template(who.user_id, template)
            text = who.sentences.template_set(template)
        else:
            text = who.sentences.template_shown(template)
        await self._sort_by_stored(message, who)
        # An anonymous admin would press them under another id.
        can_press = message.is_private or who.user_id != message.topic.home_id
        await self._say(message, text, _template_buttons(who, template) if can_press else ())

    async def _press_template(self, press: ButtonPress) -> None:
        """Set the template of the person who has these buttons; others are told that they can't."""
        who = await speaker_of(press.author, self._store)
        _, owner, choice = [*press.data.split(":"), "", ""][:3]
        if choice in _TEMPLATES and owner == str(who.user_id):
            template = _TEMPLATES[choice]
            await self._store.set_template(who.user_id, template)
            text = who.sentences.template_set(template)
            await self._confirm(press, text, _template_buttons(who, template))
            return
        text = who.sentences.template_of_somebody_else() if choice in _TEMPLATES else ""
        with contextlib.suppress(TargetGone):
            await self._platform.answer_press(press, text)

    async def _sort_by_stored(self, message: IncomingMessage, who: Speaker) -> None:
        """If a command is the caption of a picture in a private chat, sort that picture.

        Called before anything is said: if this fails, the command is carried out again.
        """
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
        else:
            text = ""
        await self._confirm(press, text)

    async def _confirm(self, press: ButtonPress, text: str, buttons: Buttons = ()) -> None:
        """Say what a press did, in a toast and in place of the message that was pressed."""
        # After a long stop the press is too old to be answered; the edit still tells what it did.
        with contextlib.suppress(TargetGone):
            await self._platform.answer_press(press, shown(text))
        if text and press.ref and press.shown and press.shown.text != shown(text):
            await self._platform.edit_to_text(press.ref, press.ref.message_id, text, buttons)


def _template_typed(argument: str) -> str | None:
    """Return the template that follows `/template`, right or wrong; None uses labels as typed."""
    if argument.lower() in {"clear", "none"}:
        return None
    return AUTO_TEMPLATE if argument.lower() == AUTO_TEMPLATE else " ".join(argument.split())


def _is_template(template: str | None) -> bool:
    return template in {None, AUTO_TEMPLATE} or (
        template.count("{}") == 1 and len(template) <= MAX_LABEL_LENGTH
    )


def _template_buttons(who: Speaker, template: str | None) -> Buttons:
    """Return a button for each template that can be chosen without typing, for this person only."""
    names = {"auto": "auto", "photo": _PHOTO, "none": who.sentences.as_typed_button()}
    return (
        tuple(
            Button(
                f"✓ {name}" if _TEMPLATES[choice] == template else name,
                f"template:{who.user_id}:{choice}",
            )
            for choice, name in names.items()
        ),
    )
