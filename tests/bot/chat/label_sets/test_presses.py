"""The buttons of `/labels`: each does one thing, once, and only for the person whose list it is."""

import itertools
from dataclasses import replace

import pytest

from bot.platform.incoming import Author, ButtonPress, ChatTopic
from bot.platform.models import MessageRef
from bot.platform.ports import TargetGone
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, GROUP, PRIVATE, message, ours, referenced

PETS = ("a dog", "a cat")
LIST = 9_000
_ids = map(str, itertools.count())


@pytest.fixture(autouse=True)
async def _sets(chat: PrivateChat) -> None:
    await chat.store.save_label_set(7, "pets", "pets", PETS, limit=20)
    await chat.store.save_label_set(7, "food", "food", ["a pizza"], limit=20)
    await chat.store.save_label_set(8, "pets", "pets", ["a fox"], limit=20)


def a_press(data: str, *, author: Author = ALICE, topic: ChatTopic = PRIVATE) -> ButtonPress:
    asked = referenced(message(1, "/labels", topic=topic))
    ref = MessageRef(topic.chat_id, LIST)
    shown = ours(LIST, "", data, topic=topic)
    return ButtonPress(next(_ids), author, data, topic, ref, shown, asked)


def data_of(chat: PrivateChat, label: str) -> str:
    """Return what the button with this label sends."""
    return next(b.data for row in chat.platform.buttons for b in row if label in b.label)


async def presses(chat: PrivateChat, label: str, *, topic: ChatTopic = PRIVATE) -> str:
    """Press a button of the last message; return that message afterwards."""
    await chat.hears(a_press(data_of(chat, label), topic=topic))
    return chat.sentences[-1]


async def opens(chat: PrivateChat, name: str, *, topic: ChatTopic = PRIVATE) -> None:
    await chat.hears(message(1, "/labels", topic=topic))
    await presses(chat, name, topic=topic)


async def names(chat: PrivateChat) -> list[str]:
    return [one.name for one in await chat.store.label_sets(7)]


async def test_a_set_is_opened_and_used(chat: PrivateChat) -> None:
    await opens(chat, "pets")
    assert chat.platform.kinds[-1] == f"edit board {LIST}"
    assert "<b>pets</b>, 2 phrases:\na dog, a cat" in chat.sentences[-1]
    assert "<code>#pets</code>" in chat.sentences[-1]
    assert "Your phrases: a dog, a cat" in await presses(chat, "Use")
    assert chat.platform.toasts[-1] == "In use now: pets"
    assert (await chat.store.person(7)).labels == PETS


async def test_a_set_is_deleted_after_a_question(chat: PrivateChat) -> None:
    await opens(chat, "pets")
    assert await presses(chat, "Delete") == "Delete the set <b>pets</b>?"
    assert await names(chat) == ["food", "pets"]
    assert "2 phrases" in await presses(chat, "Back")
    await presses(chat, "Delete")
    last = data_of(chat, "Delete")
    assert "<b>pets</b>" not in await presses(chat, "Delete")
    assert await names(chat) == ["food"]
    await chat.hears(a_press(last))  # the same press again
    assert chat.platform.toasts[-1] == "That set is no longer there."
    assert await names(chat) == ["food"]


async def test_an_old_button_means_the_set_that_it_showed(chat: PrivateChat) -> None:
    await opens(chat, "pets")
    delete = data_of(chat, "Delete").replace(":delete:", ":gone:")
    await chat.text(2, "/labels rename pets animals")
    await chat.text(3, "/labels save pets a fox, a cow")
    await chat.hears(a_press(delete))
    assert await names(chat) == ["food", "pets"]


async def test_a_set_is_renamed_by_a_reply(chat: PrivateChat) -> None:
    await opens(chat, "pets")
    question = await presses(chat, "Rename")
    assert question == "What should the set “pets” be called? Reply with the new name."
    assert chat.platform.said[-1][:2] == ("question", MessageRef(7, 1))
    asked = ours(9_002, question)
    for _ in range(2):  # the second one as after a crash
        await chat.text(9_003, "Animals", replies_to=asked)
    assert await names(chat) == ["Animals", "food"]
    assert "<b>pets</b> is called <b>Animals</b> now." in chat.sentences
    await chat.text(9_003, "other", revision=5, replies_to=asked)  # an edit of the reply
    assert await names(chat) == ["Animals", "food"]


async def test_a_name_from_right_to_left_is_renamed_by_a_reply(chat: PrivateChat) -> None:
    await chat.text(1, "/labels save חיות a dog, a cat")
    await opens(chat, "חיות")
    question = await presses(chat, "Rename")
    await chat.text(9_003, "pets2", replies_to=ours(9_002, question))
    assert await names(chat) == ["food", "pets", "pets2"]


async def test_a_question_in_another_language_is_known(chat: PrivateChat) -> None:
    await chat.store.set_language(7, "es")
    await opens(chat, "pets")
    question = await presses(chat, "Renombrar")
    await chat.store.set_language(7, "en")
    await chat.text(9_003, "#a", replies_to=ours(9_002, question))
    assert await names(chat) == ["a", "food"]


async def test_a_wrong_new_name_is_told(chat: PrivateChat) -> None:
    question = ours(9_002, "What should the set “pets” be called? Reply with the new name.")
    for name, told in (
        ("pets!", "up to 32"),
        ("x" * 33, "up to 32"),
        ("Food", "another set called <b>Food</b>"),
    ):
        await chat.text(9_003, name, replies_to=question)
        assert told in chat.sentences[-1]
        assert "/labels save" not in chat.sentences[-1]  # nobody has typed a command
    gone = ours(9_002, "What should the set “birds” be called? Reply with the new name.")
    await chat.text(9_003, "x", replies_to=gone)
    assert "no set called birds" in chat.sentences[-1]
    assert await names(chat) == ["food", "pets"]


async def test_the_words_of_a_name_in_a_reply_are_joined(chat: PrivateChat) -> None:
    question = ours(9_002, "What should the set “pets” be called? Reply with the new name.")
    await chat.text(9_003, "My two  pets", replies_to=question)
    assert "<b>pets</b> is called <b>My_two_pets</b> now." in chat.sentences[-1]
    assert await names(chat) == ["food", "My_two_pets"]


async def test_the_labels_in_use_are_saved_under_a_name(chat: PrivateChat) -> None:
    await chat.store.set_labels(7, ["a fox", "a cow"])
    await chat.text(1, "/labels")
    question = await presses(chat, "Save these")
    await chat.text(9_003, "wild", replies_to=ours(9_002, question))
    assert "Saved as <b>wild</b>: a fox, a cow." in chat.sentences[-1]
    assert await names(chat) == ["food", "pets", "wild"]


async def test_ready_made_sets_are_shown_and_used(chat: PrivateChat) -> None:
    await chat.text(1, "/labels")
    assert "Ready-made sets." in await presses(chat, "Ready-made")
    labels = [button.label for row in chat.platform.buttons for button in row]
    assert {"animals", "weather", "colours", "indoor-outdoor", "« Back"} <= set(labels)
    assert "a sunny day" in await presses(chat, "weather")
    assert "Your phrases: a sunny day" in await presses(chat, "Use")
    await presses(chat, "Ready-made")
    assert "Your sets:" in await presses(chat, "Back")


async def test_a_ready_made_set_has_no_more_labels_than_allowed(chat: PrivateChat) -> None:
    chat.has_limit(3)
    await chat.hears(a_press("set:look:7:weather"))
    assert "<b>weather</b>, 3 phrases:" in chat.sentences[-1]
    await presses(chat, "Use")
    assert len((await chat.store.person(7)).labels) == 3


async def test_a_press_is_answered_when_a_question_can_not_be_asked(chat: PrivateChat) -> None:
    await opens(chat, "pets")
    chat.platform.faults["ask_for_reply"] = [TargetGone("blocked")]
    await presses(chat, "Rename")
    assert len(chat.platform.toasts) == 2


async def test_a_shared_set_is_shown_with_its_link(chat: PrivateChat) -> None:
    await opens(chat, "pets")
    shown = await presses(chat, "Share")
    link = shown.splitlines()[-1]
    assert link.startswith("https://t.me/clipbot?start=set_")
    await presses(chat, "Back")
    assert (await presses(chat, "Share")).splitlines()[-1] == link
    await chat.text(1, "/labels share PETS")
    assert chat.sentences[-1].splitlines()[-1] == link


@pytest.mark.parametrize(
    "data",
    [
        *("set", "set:", "set:gone", "set:gone:7", "set:gone:7:", "set:gone:7:wrong", "set:x:7:y"),
        *("set:use:7:animals", "set:take:7:wrong", "set:look:7:", "set:keep:7:", "set:keep:7:x:y"),
        "set:open:" + "9" * 50,
        "set:gone:07:{tag}",
        "set:gone: 7:{tag}",
        "set:GONE:7:{tag}",
    ],
)
async def test_forged_presses_do_nothing_and_are_answered(chat: PrivateChat, data: str) -> None:
    tag = next(one.tag for one in await chat.store.label_sets(7) if one.name == "pets")
    await chat.hears(a_press(data.format(tag=tag)))
    assert len(chat.platform.toasts) == 1
    assert await names(chat) == ["food", "pets"]
    assert (await chat.store.person(7)).labels == ()


async def test_a_foreign_press_does_nothing_and_is_answered(chat: PrivateChat) -> None:
    bob = Author(8, "Bob", language="en")
    tag = (await chat.store.label_sets(7))[1].tag
    for what in ("list", "open", "use", "gone", "rename", "share", "name", "all", "take", "no"):
        await chat.hears(a_press(f"set:{what}:7:{tag}", author=bob, topic=GROUP))
    assert set(chat.platform.toasts) == {"This list is somebody else's. /labels shows yours."}
    assert (chat.sentences, await names(chat)) == ([], ["food", "pets"])


async def test_admins_press_for_whoever_asked_in_the_name_of_the_group(chat: PrivateChat) -> None:
    group = Author(GROUP.chat_id, "The group")
    await chat.hears(message(1, "/labels save pets a cow, a fox", topic=GROUP, author=group))
    await chat.hears(message(2, "/labels", topic=GROUP, author=group))
    opened, listed = data_of(chat, "pets"), data_of(chat, "Ready-made")
    bob = Author(8, "Bob", language="en")
    await chat.hears(a_press(opened, author=bob, topic=GROUP))
    assert chat.platform.toasts[-1] == "This list is somebody else's. /labels shows yours."
    chat.platform.admins.add(8)
    await chat.hears(a_press(opened, author=bob, topic=GROUP))
    assert "a cow, a fox" in chat.sentences[-1]
    await chat.hears(a_press(data_of(chat, "Use"), author=bob, topic=GROUP))
    assert (await chat.store.person(GROUP.chat_id)).labels == ("a cow", "a fox")
    assert (await chat.store.person(8)).labels == ()
    await chat.hears(a_press(listed, author=bob))  # in private: made up
    assert chat.platform.toasts[-1] == "This list is somebody else's. /labels shows yours."


async def test_a_press_on_a_message_that_is_too_old_is_answered(chat: PrivateChat) -> None:
    tag = (await chat.store.label_sets(7))[1].tag
    await chat.hears(replace(a_press(f"set:gone:7:{tag}"), topic=None, ref=None, shown=None))
    assert "too old" in chat.platform.toasts[-1]
    assert await names(chat) == ["food", "pets"]


async def test_a_press_that_can_not_be_answered_any_more_still_acts(chat: PrivateChat) -> None:
    tag = (await chat.store.label_sets(7))[1].tag
    for method in ("answer_press", "edit_board"):
        chat.platform.faults[method] = [TargetGone("too old")]
    await chat.hears(a_press(f"set:use:7:{tag}"))
    assert (await chat.store.person(7)).labels == PETS


async def test_in_groups_names_are_given_by_a_command(chat: PrivateChat) -> None:
    await chat.store.set_labels(7, ["a fox"])
    await opens(chat, "pets", topic=GROUP)
    assert "<code>/classify #pets</code>" in chat.sentences[-1]
    await presses(chat, "Rename", topic=GROUP)
    assert chat.platform.toasts[-1] == "In groups, write: /labels rename pets new-name"
    await presses(chat, "Back", topic=GROUP)
    await presses(chat, "Save these", topic=GROUP)
    assert chat.platform.toasts[-1] == "In groups, write: /labels save new-name"
    assert "question" not in chat.platform.kinds
