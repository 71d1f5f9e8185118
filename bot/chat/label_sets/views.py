"""What `/labels` and its buttons show: a list, and a card of one set. Plus what buttons send.

A button sends `set:<what>:<owner>:<tag>`, at most 64 bytes: a word, a person's id and a set's tag.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.label_sets.ready_made import ready_made
from bot.chat.label_sets.texts import OWN_ROOM, LabelSetTexts, set_texts
from bot.chat.people import Speaker
from bot.platform.ports import Button, Buttons
from bot.storage import NamedLabels

PREFIX = "set"
_IN_A_ROW = 2


@dataclass(frozen=True)
class SetView:
    """A message with buttons."""

    text: str
    buttons: Buttons = ()


def data_of(what: str, owner: int, tag: str = "") -> str:
    """Return what a button sends."""
    return f"{PREFIX}:{what}:{owner}:{tag}"


def labels_view(
    who: Speaker,
    labels: Sequence[str],
    sets: Sequence[NamedLabels],
    group_labels: Sequence[str] = (),
) -> SetView:
    """Return a person's labels and sets, in a group below those of the group."""
    texts, owner = set_texts(who.sentences.language), who.user_id
    own = who.sentences.labels_shown(labels, OWN_ROOM) if labels else who.sentences.labels_none()
    parts = [
        *([texts.group_labels(group_labels)] if group_labels else ()),
        own,
        *([texts.own_sets(sets)] if sets else ()),
    ]
    is_new = labels and all(one.labels != tuple(labels) for one in sets)
    others = [
        *([Button(texts.save_button(), data_of("name", owner))] if is_new else ()),
        Button(texts.ready_made_button(), data_of("all", owner)),
    ]
    return SetView(
        "\n\n".join(parts),
        (*_side_by_side(sets, "open", owner, texts), *((other,) for other in others)),
    )


def card(who: Speaker, one: NamedLabels, *, in_group: bool) -> SetView:
    """Return one of a person's own sets, and what they can do with it."""
    texts, owner = set_texts(who.sentences.language), who.user_id
    rows = (
        (("use", texts.use_button()), ("rename", texts.rename_button())),
        (("share", texts.share_button()), ("delete", texts.delete_button())),
    )
    buttons = tuple(
        tuple(Button(label, data_of(what, owner, one.tag)) for what, label in row) for row in rows
    )
    return SetView(texts.card(one, in_group=in_group), (*buttons, _back("list", owner, texts)))


def delete_question(who: Speaker, one: NamedLabels) -> SetView:
    """Ask whether a set is to be deleted."""
    texts, owner = set_texts(who.sentences.language), who.user_id
    yes = Button(texts.delete_button(), data_of("gone", owner, one.tag))
    back = Button(texts.back_button(), data_of("open", owner, one.tag))
    return SetView(texts.delete_question(one.name), ((yes, back),))


def link_view(who: Speaker, one: NamedLabels, text: str) -> SetView:
    """Return the link to a set in place of its card."""
    texts, owner = set_texts(who.sentences.language), who.user_id
    return SetView(text, ((Button(texts.back_button(), data_of("open", owner, one.tag)),),))


def ready_made_view(who: Speaker) -> SetView:
    """Return the list of ready-made sets."""
    language, owner = who.sentences.language, who.user_id
    texts = set_texts(language)
    rows = _side_by_side(ready_made(language), "look", owner, texts)
    return SetView(texts.ready_made(), (*rows, _back("list", owner, texts)))


def ready_made_card(who: Speaker, one: NamedLabels, *, in_group: bool) -> SetView:
    """Return one ready-made set."""
    texts, owner = set_texts(who.sentences.language), who.user_id
    use = Button(texts.use_button(), data_of("take", owner, one.tag))
    return SetView(texts.card(one, in_group=in_group), ((use,), _back("all", owner, texts)))


def preview(who: Speaker, one: NamedLabels, token: str) -> SetView:
    """Return a set that a link leads to, before it is kept."""
    texts, owner = set_texts(who.sentences.language), who.user_id
    keep = Button(texts.keep_button(), data_of("keep", owner, token))
    no = Button(texts.no_thanks_button(), data_of("no", owner))
    return SetView(texts.preview(one), ((keep, no),))


def _back(what: str, owner: int, texts: LabelSetTexts) -> tuple[Button]:
    return (Button(texts.back_button(), data_of(what, owner)),)


def _side_by_side(
    sets: Sequence[NamedLabels], what: str, owner: int, texts: LabelSetTexts
) -> Buttons:
    buttons = [
        Button(texts.name_on_button(one.name), data_of(what, owner, one.tag)) for one in sets
    ]
    return tuple(tuple(buttons[i : i + _IN_A_ROW]) for i in range(0, len(buttons), _IN_A_ROW))
