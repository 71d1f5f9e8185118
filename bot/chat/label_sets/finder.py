"""Which labels a text, a name or a picture without a caption means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.label_sets.names import key_of, near, references
from bot.chat.label_sets.ready_made import find_ready_made, ready_made, ready_made_tagged
from bot.chat.people import Speaker
from bot.platform.incoming import IncomingMessage
from bot.storage import NamedLabels, Store
from inference.protocol.errors import LabelsRefused, TooManyLabels
from inference.protocol.labels import folded, parse


class UnknownSet(LabelsRefused):
    """A text names a set that is not there.

    Attributes:
        near: names that look like it.
    """

    def __init__(self, name: str, near: Sequence[str]) -> None:
        super().__init__(f"There is no set {name!r}.")
        self.name, self.near = name, near


@dataclass(frozen=True)
class LabelsRead:
    """What a text means.

    Attributes:
        labels: with the labels of the sets that it names.
        typed: the labels as they were typed, a set as `#name`.
    """

    labels: tuple[str, ...]
    typed: tuple[str, ...]


class LabelFinder:
    """Reads labels and names of sets."""

    def __init__(self, store: Store, *, max_labels: int) -> None:
        self._store = store
        self._max_labels = max_labels

    async def read(self, text: str, speaker: Speaker) -> LabelsRead:
        """Return the labels in a text: `#pets, a tree` adds a label to those of a set.

        Raises:
            LabelsRefused: as `parse` raises it; `UnknownSet` if a name is nobody's.
        """
        typed = parse(text, max_labels=self._max_labels)
        if not any(references(label)[0] for label in typed):
            return LabelsRead(typed, typed)
        own = await self._own(speaker)
        merged: dict[str, str] = {}
        used: set[str] = set()
        for label in typed:
            names, rest = references(label)
            found = {name: self._called(name, own, speaker) for name in names}
            if rest and None in found.values():
                found, rest = {}, label  # `#1 in my heart` is a phrase
            for name, one in found.items():
                if one is None:
                    raise UnknownSet(name, self._near(name, own, speaker))
                if one.name not in used:  # a text can repeat a name a thousand times
                    used.add(one.name)
                    _add(merged, one.labels)
            _add(merged, (rest,) if rest else ())
        if len(merged) > self._max_labels:
            raise TooManyLabels(got=len(merged), limit=self._max_labels)
        return LabelsRead(tuple(merged.values()), typed)

    async def named(self, name: str, speaker: Speaker) -> NamedLabels | None:
        """Return the set with a name: the person's own, else the ready-made one, else None."""
        name = name.removeprefix("#")
        if key_of(name) is None:
            return None
        return self._called(name, await self._own(speaker), speaker)

    def ready_made(self, tag: str, speaker: Speaker) -> NamedLabels | None:
        """Return the ready-made set with this tag, if there is one."""
        return self._cut(ready_made_tagged(tag, speaker.sentences.language))

    async def stored(self, message: IncomingMessage, speaker: Speaker) -> tuple[str, ...]:
        """Return the labels for a message that has none of its own; empty: none are stored.

        For a picture without a caption, those that the person chose for their next one. Then, in a
        group, what its admins chose. Then the person's own.
        """
        labels = await self.chosen(message, speaker)
        if not labels and not message.is_private:
            labels = await self._store.group_labels(message.topic.home_id)
        return labels or speaker.person.labels

    async def chosen(self, message: IncomingMessage, speaker: Speaker) -> tuple[str, ...]:
        """Return the labels that the person chose for this picture; see `Store.next_labels`."""
        if message.text or not message.attachments:
            return ()
        ref, at = message.ref, message.sent_at.timestamp()
        return await self._store.next_labels(ref.chat_id, speaker.user_id, ref.message_id, at)

    async def _own(self, speaker: Speaker) -> dict[str | None, NamedLabels]:
        """Return the person's sets by the keys of their names."""
        return {key_of(one.name): one for one in await self._store.label_sets(speaker.user_id)}

    def _called(
        self, name: str, own: Mapping[str | None, NamedLabels], speaker: Speaker
    ) -> NamedLabels | None:
        found = find_ready_made(name, speaker.sentences.language)
        return own.get(key_of(name)) or self._cut(found)

    def _near(
        self, name: str, own: Mapping[str | None, NamedLabels], speaker: Speaker
    ) -> list[str]:
        """Return the names of sets that look like this one."""
        known = [*own.values(), *ready_made(speaker.sentences.language)]
        return near(name, [one.name for one in known])

    def _cut(self, one: NamedLabels | None) -> NamedLabels | None:
        """Return a ready-made set with no more labels than one picture can be compared with."""
        return one and NamedLabels(one.name, one.labels[: self._max_labels], one.tag)


def _add(merged: dict[str, str], labels: Sequence[str]) -> None:
    """Add labels that are new, ignoring case."""
    for label in labels:
        merged.setdefault(folded(label), label)
