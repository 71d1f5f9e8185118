"""What is said about label sets. Names and labels are escaped here."""

from collections.abc import Sequence
from functools import cache

from bot.chat.label_sets.finder import UnknownSet
from bot.chat.label_sets.names import MAX_NAME
from bot.i18n import Sentences
from bot.i18n.formatter import Formatter
from bot.i18n.lengths import shortened, units
from bot.storage import NamedLabels
from inference.protocol.errors import LabelsRefused

# Limits in UTF-16 units. What `/labels` shows is one message of up to 4,096 of them (Bot API):
# phrases of the group, the person's own, and a line for each set.
OWN_ROOM, _GROUP_ROOM, _SETS_ROOM = 1_200, 700, 2_000
# Of the labels of one set in its line; twenty lines fit.
_IN_A_LINE = 48
# Of the name on a button, two of which stand side by side on a phone.
_ON_A_BUTTON = 18
# Begins what a person says in a chat when they choose labels there, and no other message of ours:
# people forward those.
_MARK = "🤔 "
_BETWEEN = " · "


@cache
def set_texts(language: str) -> "LabelSetTexts":
    """Return the sentences in a language of `bot.i18n.languages()`."""
    return LabelSetTexts(language)


def refusal(error: LabelsRefused, sentences: Sentences) -> str:
    """Return why labels can't be used."""
    if isinstance(error, UnknownSet):
        return set_texts(sentences.language).unknown(error.name, error.near)
    return sentences.labels_refused(error)


class LabelSetTexts(Formatter):
    """`/labels`, its buttons, shared sets and what the bot offers in other chats."""

    # -- lists and cards --------------------------------------------------------------------------

    def own_sets(self, sets: Sequence[NamedLabels]) -> str:
        lines = [f"• <b>{self.quote(one.name)}</b>: {self.start_of(one.labels)}" for one in sets]
        return "\n".join([self._("Your sets:"), *self.many(lines, _SETS_ROOM)])

    def ready_made(self) -> str:
        return self._("📚 <b>Ready-made sets.</b> Tap one to see it.")

    def group_labels(self, labels: Sequence[str]) -> str:
        return self._("This group's phrases: {labels}").format(
            labels=self.list_of(labels, _GROUP_ROOM)
        )

    def card(self, one: NamedLabels, *, in_group: bool) -> str:
        heading = self._n(
            "🏷 <b>{name}</b>, {count} phrase:", "🏷 <b>{name}</b>, {count} phrases:", len(one.labels)
        ).format(name=self.quote(one.name), count=len(one.labels))
        use = (
            self._("For a photo: <code>/classify #{name}</code>")
            if in_group
            else self._("As a photo's caption: <code>#{name}</code>")
        ).format(name=self.quote(one.name))
        return f"{heading}\n{self.list_of(one.labels)}\n\n{use}"

    def delete_question(self, name: str) -> str:
        return self._("Delete the set <b>{name}</b>?").format(name=self.quote(name))

    def start_of(self, labels: Sequence[str]) -> str:
        """Return the first labels, and how many more there are; only the first one can be cut."""
        if units(labels[0]) <= _IN_A_LINE:
            return self.list_of(labels, _IN_A_LINE)
        first = self.quote(shortened(labels[0], _IN_A_LINE))
        return first + self.and_more(len(labels) - 1)

    def name_on_button(self, name: str) -> str:
        return shortened(name, _ON_A_BUTTON)

    def use_button(self) -> str:
        return self._("✅ Use")

    def rename_button(self) -> str:
        return self._("✏️ Rename")

    def share_button(self) -> str:
        return self._("🔗 Share")

    def delete_button(self) -> str:
        return self._("🗑 Delete")

    def back_button(self) -> str:
        return self._("« Back")

    def ready_made_button(self) -> str:
        return self._("📚 Ready-made sets")

    def save_button(self) -> str:
        return self._("➕ Save these as a set")

    # -- what was done ----------------------------------------------------------------------------

    def used(self, one: NamedLabels) -> str:
        return self._(
            "The set <b>{name}</b> is in use now: {labels}.\n"
            'If you mean the word itself: <code>/labels "{name}"</code>'
        ).format(name=self.quote(one.name), labels=self.list_of(one.labels))

    def used_toast(self, name: str) -> str:
        return self._("In use now: {name}").format(name=name)

    def saved(self, name: str, labels: Sequence[str]) -> str:
        return self._(
            "Saved as <b>{name}</b>: {labels}.\n"
            "<code>#{name}</code> means this set, in captions and after /classify. "
            "<code>/labels {name}</code> uses it where you type no phrases."
        ).format(name=self.quote(name), labels=self.list_of(labels))

    def renamed(self, old: str, new: str) -> str:
        return self._("<b>{old}</b> is called <b>{new}</b> now.").format(
            old=self.quote(old), new=self.quote(new)
        )

    def deleted(self, name: str) -> str:
        return self._("The set <b>{name}</b> is deleted.").format(name=self.quote(name))

    def set_for_group(self, labels: Sequence[str]) -> str:
        return self._(
            "Noted for this group: {labels}. /classify alone now sorts by these, whoever asks."
        ).format(labels=self.list_of(labels))

    def cleared_for_group(self) -> str:
        return self._(
            "This group's phrases are forgotten. Each person's own phrases are used again."
        )

    # -- questions. Replies to them are known by their words --------------------------------------

    def new_name_question(self, name: str) -> str:
        return self._("What should the set “{name}” be called? Reply with the new name.").format(
            name=self.quote(name)
        )

    def first_name_question(self) -> str:
        return self._("What should the set of your phrases be called? Reply with a name.")

    def name_placeholder(self) -> str:
        return self._("pets")

    # -- what can't be done -----------------------------------------------------------------------

    def unknown(self, name: str, near: Sequence[str]) -> str:
        said = self.quote(shortened(name.removeprefix("#"), MAX_NAME))
        if not near:
            return self._("I know no set called {name}. /labels shows yours.").format(name=said)
        names = ", ".join(f"<code>#{self.quote(one)}</code>" for one in near)
        return self._("I know no set called {name}. Do you mean {names}?").format(
            name=said, names=names
        )

    def bad_name(self) -> str:
        return self._("A name has up to {limit} letters and digits, without spaces.").format(
            limit=MAX_NAME
        )

    def save_usage(self) -> str:
        """Return what is said where `/labels save` has no name that can be used."""
        example = self._("<code>/labels save pets a dog, a cat</code>")
        return f"{self.bad_name()}\n{example}"

    def nothing_to_save(self) -> str:
        return self._(
            "Which phrases? Put them after the name: <code>/labels save pets a dog, a cat</code>"
        )

    def name_taken(self, name: str) -> str:
        return self._("You have another set called <b>{name}</b>.").format(name=self.quote(name))

    def too_many_sets(self, limit: int) -> str:
        return self._n(
            "You have {count} set, and that is the limit. Delete one first: /labels",
            "You have {count} sets, and that is the limit. Delete one first: /labels",
            limit,
        ).format(count=limit)

    def gone(self) -> str:
        """Return what a press on a set that is no longer there gets: plain text."""
        return self._("That set is no longer there.")

    def not_yours(self) -> str:
        return self._("This list is somebody else's. /labels shows yours.")

    def too_old(self) -> str:
        return self._("This list is too old. /labels shows a new one.")

    def save_in_words(self) -> str:
        return self._("In groups, write: /labels save new-name")

    def rename_in_words(self, name: str) -> str:
        return self._("In groups, write: /labels rename {name} new-name").format(name=name)

    def only_admins(self) -> str:
        return self._("Only admins of this group can choose its phrases.")

    def only_in_groups(self) -> str:
        return self._(
            "That works in a group, for its admins: <code>/labels group a dog, a cat</code>"
        )

    def group_usage(self) -> str:
        return self._(
            "This group has no phrases of its own. Admins can choose some for /classify alone: "
            "<code>/labels group a dog, a cat</code>"
        )

    # -- sharing ----------------------------------------------------------------------------------

    def shared(self, name: str, link: str, days: int) -> str:
        return self._(
            "🔗 Anyone who opens this link within {days} days can keep your set <b>{name}</b>:\n"
            "{link}"
        ).format(name=self.quote(name), days=days, link=link)

    def shared_by_command(self, name: str, command: str, days: int) -> str:
        """Return the same for a platform without links."""
        return self._(
            "🔗 Anyone who sends me this within {days} days can keep your set <b>{name}</b>:\n"
            "<code>{command}</code>"
        ).format(name=self.quote(name), days=days, command=command)

    def preview(self, one: NamedLabels) -> str:
        heading = self._n(
            "Somebody shares the set <b>{name}</b> with you, {count} phrase:",
            "Somebody shares the set <b>{name}</b> with you, {count} phrases:",
            len(one.labels),
        ).format(name=self.quote(one.name), count=len(one.labels))
        question = self._("Do you want to keep it?")
        return f"{heading}\n{self.list_of(one.labels)}\n\n{question}"

    def keep_button(self) -> str:
        return self._("✅ Keep")

    def no_thanks_button(self) -> str:
        return self._("No, thanks")

    def link_ended(self) -> str:
        return self._("This link does not work any more: the set was deleted, or the link is old.")

    def kept_already(self, name: str) -> str:
        return self._("You have this set already: <b>{name}</b>. /labels shows it.").format(
            name=self.quote(name)
        )

    def not_kept(self) -> str:
        return self._("All right, the set is not kept.")

    # -- in other chats ---------------------------------------------------------------------------

    def sort_next(self) -> str:
        """Return the title of the choice with what was just typed."""
        return self._("Sort my next photo here by these")

    def offered_set(self, name: str) -> str:
        return f"🏷 {name}"

    def for_next_photo(self, labels: Sequence[str], link: str) -> str:
        """Return what a person says when they choose labels: plain text that `labels_said` reads.

        It also makes sense to people in a chat where the bot is not.
        """
        question = self._("Which of these fits my next photo?")
        lines = [
            f"{_MARK}{question}",
            _BETWEEN.join(label.replace(_BETWEEN, " ") for label in labels),
        ]
        if link:
            lines.append(self._("CLIP can tell: {link}").format(link=link))
        return "\n".join(lines)

    def inline_hint(self) -> str:
        return self._("Type phrases: a dog, a cat")

    def next_noted(self, labels: Sequence[str], minutes: int) -> str:
        return self._(
            "Noted. Your next photo here, within {minutes} minutes, is sorted by: {labels}"
        ).format(minutes=minutes, labels=self.list_of(labels))

    def next_noted_in_group(self, labels: Sequence[str], minutes: int) -> str:
        return self._(
            "Noted: {labels}. Send your photo within {minutes} minutes, as a reply to this message."
        ).format(minutes=minutes, labels=self.list_of(labels))

    def photo_placeholder(self) -> str:
        return self._("attach a photo")


def labels_said(text: str) -> list[str]:
    """Return the labels in `LabelSetTexts.for_next_photo`, in any language; none in other texts."""
    lines = text.split("\n")
    return lines[1].split(_BETWEEN) if text.startswith(_MARK) and len(lines) > 1 else []
