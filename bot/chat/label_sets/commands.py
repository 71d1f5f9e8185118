"""`/labels`: a person's labels and sets, and the labels of a group.

/labels                         shows them, with buttons
/labels a dog, a cat            labels for pictures without a caption; #pets names a set in it
/labels pets                    the same with the labels of a set
/labels clear                   forgets them
/labels save pets a dog, a cat  keeps a set; without phrases, those that are in use
/labels rename pets animals
/labels delete pets
/labels share pets
/labels group a dog, a cat      in a group, for its admins: what /classify alone sorts by
/labels group clear
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.chat.label_sets.finder import LabelFinder
from bot.chat.label_sets.names import key_of, near
from bot.chat.label_sets.sharing import MAX_SETS, SetSharing
from bot.chat.label_sets.texts import refusal, set_texts
from bot.chat.label_sets.views import labels_view
from bot.chat.people import Speaker
from bot.platform.incoming import IncomingMessage
from bot.platform.models import MessageRef
from bot.platform.ports import ChatPlatform
from bot.storage import NamedLabels, Store
from inference.protocol.errors import LabelsRefused

Sort = Callable[[IncomingMessage, Speaker], Awaitable[None]]

# What may stand between a name and its phrases.
_AFTER_NAME = ":="


class LabelsCommand:
    """The command. Its words are English in every language, as all commands are.

    Args:
        sort: sorts a message's own picture, if the command is its caption, by what the speaker
            stored.
    """

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        finder: LabelFinder,
        sharing: SetSharing,
        sort: Sort,
    ) -> None:
        self._platform = platform
        self._store = store
        self._finder = finder
        self._sharing = sharing
        self._sort = sort

    async def handle(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        """Carry out the command."""
        try:
            text = await self._done(message, who, argument)
        except LabelsRefused as error:
            text = refusal(error, who.sentences)
        if text:
            await self._platform.send_board(message.ref, text)

    async def _done(self, message: IncomingMessage, who: Speaker, argument: str) -> str:
        """Carry out the command; return what to say, or nothing if it is said already."""
        first, rest = [*argument.split(maxsplit=1), "", ""][:2]
        word, words = first.lower(), rest.split()
        if not argument:
            await self._sort(message, who)
            await self._show(message, who)
            return ""
        if word == "clear" and not rest:
            await self._store.set_labels(who.user_id, ())
            await self._sort(message, _with((), who))
            return who.sentences.labels_cleared()
        if word == "save":
            return await self._save(message, who, rest)
        if word == "group" and (not message.is_private or rest in {"", "clear"}):
            return await self._group(message, who, rest)
        if word == "rename" and len(words) == 2 and "," not in rest:
            return await self.rename(message.ref, who, *words)
        if word in {"delete", "share"} and len(words) == 1:
            return await self._one(message.ref, who, word, rest)
        return await self._set(message, who, argument)

    async def _show(self, message: IncomingMessage, who: Speaker) -> None:
        sets = await self._store.label_sets(who.user_id)
        group: tuple[str, ...] = ()
        if not message.is_private:
            group = await self._store.group_labels(message.topic.home_id)
        shown = labels_view(who, who.person.labels, sets, group)
        await self._platform.send_board(message.ref, shown.text, shown.buttons)

    async def _set(self, message: IncomingMessage, who: Speaker, argument: str) -> str:
        """Store labels. One word that names a set means the set."""
        if one := await self._finder.named(argument, who):
            labels, text = one.labels, set_texts(who.sentences.language).used(one)
        else:
            labels = (await self._finder.read(argument, who)).labels
            sentences = who.sentences
            noted = sentences.labels_set if message.is_private else sentences.labels_set_in_group
            text = noted(labels)
        await self._store.set_labels(who.user_id, labels)
        await self._sort(message, _with(labels, who))
        return text

    async def _save(self, message: IncomingMessage, who: Speaker, rest: str) -> str:
        texts = set_texts(who.sentences.language)
        name, phrases = _name_and_phrases(rest)
        key = key_of(name)
        if key is None:
            return texts.save_usage()
        labels = who.person.labels
        if phrases:
            labels = (await self._finder.read(phrases, who)).labels
        text = await self.save(who, name, labels)
        if labels:
            await self._sort(message, _with(labels, who))
        return text

    async def save(self, who: Speaker, name: str, labels: tuple[str, ...]) -> str:
        """Keep a set; return what to say."""
        texts = set_texts(who.sentences.language)
        key = key_of(name)
        if key is None:
            return texts.bad_name()
        if not labels:
            return texts.nothing_to_save()
        if await self._store.save_label_set(who.user_id, key, name, labels, limit=MAX_SETS):
            return texts.saved(name, labels)
        return texts.too_many_sets(MAX_SETS)

    async def rename(self, ref: MessageRef, who: Speaker, old: str, new: str) -> str:
        """Rename a person's set; return what to say, or nothing if that is said.

        Args:
            ref: the message that wants it.
        """
        texts = set_texts(who.sentences.language)
        one = await self._own(old, who)
        if one is None:
            return await self._unknown(old, who)
        new = new.removeprefix("#")
        key = key_of(new)
        if key is None:
            return texts.bad_name()
        other = await self._own(new, who)
        if other and other.tag != one.tag:
            return texts.name_taken(new)
        # First: if it can't be said, this runs again and must still find the set.
        await self._platform.send_board(ref, texts.renamed(one.name, new))
        await self._store.rename_label_set(who.user_id, one.tag, key, new)
        return ""

    async def _one(self, ref: MessageRef, who: Speaker, word: str, name: str) -> str:
        texts = set_texts(who.sentences.language)
        one = await self._own(name, who)
        if one is None:
            return await self._unknown(name, who)
        if word == "share":
            return await self._sharing.link(who, one)
        await self._platform.send_board(ref, texts.deleted(one.name))  # first, as above
        await self._store.delete_label_set(who.user_id, one.tag)
        return ""

    async def _own(self, name: str, who: Speaker) -> NamedLabels | None:
        """Return the person's own set with a name."""
        key = key_of(name.removeprefix("#"))
        sets = await self._store.label_sets(who.user_id)
        return next((one for one in sets if key_of(one.name) == key), None)

    async def _unknown(self, name: str, who: Speaker) -> str:
        """Return that the person has no set with this name, and which ones look like it."""
        own = [one.name for one in await self._store.label_sets(who.user_id)]
        return set_texts(who.sentences.language).unknown(name, near(name.removeprefix("#"), own))

    async def _group(self, message: IncomingMessage, who: Speaker, rest: str) -> str:
        texts = set_texts(who.sentences.language)
        home_id = message.topic.home_id
        if message.is_private:
            return texts.only_in_groups()
        if not rest:
            labels = await self._store.group_labels(home_id)
            return texts.group_labels(labels) if labels else texts.group_usage()
        if not await self._platform.is_admin(message.topic, who.user_id):
            return texts.only_admins()
        if rest.lower() == "clear":
            await self._store.set_group_labels(home_id, ())
            return texts.cleared_for_group()
        one = await self._finder.named(rest, who)
        labels = one.labels if one else (await self._finder.read(rest, who)).labels
        await self._store.set_group_labels(home_id, labels)
        return texts.set_for_group(labels)


def _with(labels: tuple[str, ...], who: Speaker) -> Speaker:
    """Return the speaker as of now, when these labels are stored."""
    return replace(who, person=replace(who.person, labels=labels))


def _name_and_phrases(rest: str) -> tuple[str, str]:
    """Return the parts of `pets a dog, a cat`; also `#pets: a dog, a cat`, or phrases in lines."""
    name, *after = rest.split(maxsplit=1)[:2] if rest else [""]
    phrases = after[0] if after else ""
    return name.removeprefix("#").rstrip(_AFTER_NAME), phrases.lstrip(_AFTER_NAME + " ")
