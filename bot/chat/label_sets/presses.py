"""Presses of the buttons of `/labels`, and replies to the questions that some of them ask."""

import contextlib
import re
from functools import cache

from bot.chat.label_sets import views
from bot.chat.label_sets.commands import LabelsCommand
from bot.chat.label_sets.finder import LabelFinder
from bot.chat.label_sets.sharing import SetSharing
from bot.chat.label_sets.texts import LabelSetTexts, set_texts
from bot.chat.label_sets.views import SetView
from bot.chat.people import Speaker, as_owner, speaker_of
from bot.i18n import languages
from bot.platform.incoming import ButtonPress, IncomingMessage
from bot.platform.ports import ChatPlatform, TargetGone
from bot.storage import NamedLabels, Store

# No name has it, so that the words around the name in a question can be told.
_ANY_NAME = "\0"
# `Formatter.quote` puts them around names that are written from right to left.
_ISOLATES = "\u2068\u2069"
# A person's id or a group's, as `views.data_of` writes it.
_OWNER = re.compile(r"-?[1-9][0-9]{0,18}")


class LabelSetPresses:
    """Each press is answered, and changes the message with the button.

    Only the person whose list it is can press, see `as_owner`; a set that is no longer there is
    told. So a forged, foreign or old press does nothing, and the same press again changes nothing
    more.
    """

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        finder: LabelFinder,
        command: LabelsCommand,
        sharing: SetSharing,
    ) -> None:
        self._platform = platform
        self._store = store
        self._finder = finder
        self._command = command
        self._sharing = sharing

    async def press(self, press: ButtonPress) -> None:
        """Handle and answer a pressed button."""
        pressing = await speaker_of(press.author, self._store)
        texts = set_texts(pressing.sentences.language)
        _, what, owner, tag = [*press.data.split(":", 3), "", "", ""][:4]
        toast, view = "", None
        if press.ref is None:
            toast = texts.too_old()
        elif (who := await self._owner(owner, pressing, press)) is None:
            toast = texts.not_yours()
        elif what == "keep":
            view = SetView(await self._sharing.keep(who, tag))
        elif what == "no":
            view = SetView(texts.not_kept())
        elif what == "list":
            view = await self._labels(press, who)
        elif what == "all":
            view = views.ready_made_view(who)
        elif what == "name" and press.is_in_group:
            toast = texts.save_in_words()
        elif what == "name":
            await self._asks(press, texts.first_name_question(), texts)
        elif what in {"look", "take"}:
            toast, view = await self._ready_made(press, who, what, tag)
        else:
            toast, view = await self._own(press, who, what, tag)
        # After a long stop the press is too old to be answered; the edit still tells what it did.
        with contextlib.suppress(TargetGone):
            await self._platform.answer_press(press, toast)
        if view and press.ref:
            with contextlib.suppress(TargetGone):
                await self._platform.edit_board(
                    press.ref, press.ref.message_id, view.text, view.buttons
                )

    async def _owner(self, owner: str, pressing: Speaker, press: ButtonPress) -> Speaker | None:
        if not _OWNER.fullmatch(owner):
            return None
        return await as_owner(int(owner), pressing, press, self._store, self._platform)

    async def reply(self, message: IncomingMessage, who: Speaker) -> bool:
        """Handle a reply to a question for a name; False if the message is none."""
        asked = message.replies_to
        if not (asked and asked.is_ours and message.is_private) or message.is_caption:
            return False
        is_first, old = asked.text in _first_name_questions(), _renamed_in(asked.text)
        if not message.text or not (is_first or old):
            return False
        if message.is_edit:
            return True  # it was carried out
        # The whole reply is the name, so that its words can be joined to one.
        name = "_".join(message.text.split()).removeprefix("#")
        if is_first:
            text = await self._command.save(who, name, who.person.labels)
        else:
            text = await self._command.rename(message.ref, who, old, name)
        if text:
            await self._platform.send_board(message.ref, text)
        return True

    async def _labels(self, press: ButtonPress, who: Speaker) -> SetView:
        person = await self._store.person(who.user_id)
        sets = await self._store.label_sets(who.user_id)
        group: tuple[str, ...] = ()
        if press.topic and press.is_in_group:
            group = await self._store.group_labels(press.topic.home_id)
        return views.labels_view(who, person.labels, sets, group)

    async def _ready_made(
        self, press: ButtonPress, who: Speaker, what: str, tag: str
    ) -> tuple[str, SetView | None]:
        texts = set_texts(who.sentences.language)
        one = self._finder.ready_made(tag, who)
        if one is None:
            return texts.gone(), views.ready_made_view(who)
        if what == "look":
            return "", views.ready_made_card(who, one, in_group=press.is_in_group)
        return await self._used(press, who, one)

    async def _own(
        self, press: ButtonPress, who: Speaker, what: str, tag: str
    ) -> tuple[str, SetView | None]:
        """Do something with one of the person's sets; return the toast and what to show."""
        texts = set_texts(who.sentences.language)
        sets = await self._store.label_sets(who.user_id)
        one = next((one for one in sets if one.tag == tag), None)
        if one is None:
            return texts.gone(), await self._labels(press, who)
        match what:
            case "open":
                return "", views.card(who, one, in_group=press.is_in_group)
            case "use":
                return await self._used(press, who, one)
            case "share":
                return "", views.link_view(who, one, await self._sharing.link(who, one))
            case "delete":
                return "", views.delete_question(who, one)
            case "gone":
                await self._store.delete_label_set(who.user_id, one.tag)
                return "", await self._labels(press, who)
            case "rename":
                if press.is_in_group:
                    return texts.rename_in_words(one.name), None
                await self._asks(press, texts.new_name_question(one.name), texts)
                return "", None
            case _:
                return "", None

    async def _used(
        self, press: ButtonPress, who: Speaker, one: NamedLabels
    ) -> tuple[str, SetView | None]:
        await self._store.set_labels(who.user_id, one.labels)
        texts = set_texts(who.sentences.language)
        return texts.used_toast(one.name), await self._labels(press, who)

    async def _asks(self, press: ButtonPress, question: str, texts: LabelSetTexts) -> None:
        # A reply to the command: the app opens the reply only for its author.
        command = press.replies_to.ref if press.replies_to else None
        if ref := command or press.ref:
            with contextlib.suppress(TargetGone):  # the press is answered anyway
                await self._platform.ask_for_reply(ref, question, texts.name_placeholder())


@cache
def _first_name_questions() -> frozenset[str]:
    return frozenset(set_texts(language).first_name_question() for language in languages())


def _renamed_in(question: str) -> str:
    """Return the name of the set that a question of ours is about; nothing for other texts."""
    for before, after in _new_name_questions():
        if question.startswith(before) and question.endswith(after):
            return question.removeprefix(before).removesuffix(after).strip(_ISOLATES)
    return ""


@cache
def _new_name_questions() -> tuple[tuple[str, str], ...]:
    """Return what stands before and after the name, in each language."""
    questions = (set_texts(language).new_name_question(_ANY_NAME) for language in languages())
    parts = (question.partition(_ANY_NAME) for question in questions)
    return tuple((before, after) for before, _, after in parts)
