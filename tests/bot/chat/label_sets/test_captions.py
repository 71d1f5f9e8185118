"""`#name` in a caption, a reply or a command, and which stored labels a picture gets."""

import pytest

from bot.platform.incoming import Author
from bot.storage import NamedLabels
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import GROUP, message, ours, picture, referenced

PETS, FOOD = ["a dog", "a cat"], ["a pizza", "A CAT"]


@pytest.fixture(autouse=True)
async def _sets(chat: PrivateChat) -> None:
    for name, labels in (("pets", PETS), ("Food", FOOD)):
        await chat.store.save_label_set(7, name.casefold(), name, labels, limit=20)


async def asked(chat: PrivateChat) -> list[list[str]]:
    return [job.labels for job in await chat.jobs()]


@pytest.mark.parametrize(
    ("caption", "labels"),
    [
        ("#pets", PETS),
        ("#PETS!", PETS),
        ("#food", FOOD),  # the person's own, not the ready-made one
        ("#pets #food", ["a dog", "a cat", "a pizza"]),
        ("#pets, a tree", ["a dog", "a cat", "a tree"]),
        ("a tree; #pets", ["a tree", "a dog", "a cat"]),
        ("#pets a tree", ["a dog", "a cat", "a tree"]),
        ("#1 in my heart, a dog", ["#1 in my heart", "a dog"]),
        ("the #pets, a dog", ["the #pets", "a dog"]),
    ],
)
async def test_a_name_in_a_caption_means_the_set(
    chat: PrivateChat, caption: str, labels: list[str]
) -> None:
    await chat.photo(1, caption)
    assert await asked(chat) == [labels]
    assert chat.sentences == []


async def test_a_ready_made_set_is_there_for_everybody_in_their_language(chat: PrivateChat) -> None:
    carmen = Author(8, "Carmen", language="es")
    await chat.hears(message(1, "#Animals", picture(), author=carmen))
    (labels,) = await asked(chat)
    assert labels[:2] == ["un perro", "un gato"]


async def test_a_ready_made_set_has_no_more_labels_than_allowed(chat: PrivateChat) -> None:
    chat.has_limit(3)
    await chat.photo(1, "#animals")
    assert [len(labels) for labels in await asked(chat)] == [3]


async def test_an_unknown_name_is_told_with_names_like_it(chat: PrivateChat) -> None:
    await chat.photo(1, "#pest, a tree")
    assert "no set called pest" in chat.sentences[-1]
    assert "<code>#pets</code>" in chat.sentences[-1]
    await chat.photo(2, "#1")
    assert chat.sentences[-1] == "I know no set called 1. /labels shows yours."
    await chat.photo(3, "#zzzzz<b>")  # can't be a name, so it is a phrase
    assert await asked(chat) == [["#zzzzz<b>"]]


async def test_several_sets_together_can_be_too_many(chat: PrivateChat) -> None:
    await chat.photo(1, "#animals #vehicles")
    assert "36 phrases, but the limit is 20" in chat.sentences[-1]
    assert await asked(chat) == []


async def test_names_by_the_thousand_take_one_look_into_the_database(
    chat: PrivateChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    own = chat.store.label_sets

    async def counted(user_id: int) -> list[NamedLabels]:
        looks.append(user_id)
        return await own(user_id)

    monkeypatch.setattr(chat.store, "label_sets", counted)
    await chat.photo(1, ", ".join(f"{'#pets ' * 15}{number}" for number in range(18)))
    assert looks == [7]
    (labels,) = await asked(chat)
    assert labels == [*PETS, *map(str, range(18))]
    await chat.photo(2, "a house, a boat")
    assert looks == [7]


async def test_an_edit_that_changes_nothing_asks_nothing_when_the_set_has_changed(
    chat: PrivateChat,
) -> None:
    await chat.photo(1, "#pets")
    await chat.store.save_label_set(7, "pets", "pets", ["a fox", "a cow"], limit=20)
    await chat.photo(1, "#pets", revision=5)  # as after a reaction
    assert await asked(chat) == [PETS]
    await chat.photo(1, "#pets, a tree", revision=6)
    assert await asked(chat) == [["a fox", "a cow", "a tree"]]


async def test_a_name_as_a_text_means_the_last_picture(chat: PrivateChat) -> None:
    await chat.photo(1, "a house, a boat")
    await chat.text(2, "#pets")
    assert await asked(chat) == [["a house", "a boat"], PETS]


async def test_a_name_as_a_reply_means_the_picture_replied_to(chat: PrivateChat) -> None:
    await chat.text(2, "#pets", replies_to=referenced(message(1, "", picture())))
    assert await asked(chat) == [PETS]
    shown = referenced(message(3, "", picture(), topic=GROUP))
    await chat.text(4, "/classify #pets", topic=GROUP, replies_to=shown)
    assert await asked(chat) == [PETS]


@pytest.mark.parametrize("text", ["#pets", "#1", "#summer #love"])
async def test_hashtags_in_groups_are_nobodys_business(chat: PrivateChat, text: str) -> None:
    await chat.hears(message(1, text, picture(), topic=GROUP))
    await chat.hears(message(2, text, topic=GROUP))
    assert (await asked(chat), chat.sentences) == ([], [])


async def classifies_alone(chat: PrivateChat, number: int) -> list[list[str]]:
    await chat.hears(message(number, "/classify", picture(), topic=GROUP))
    return await asked(chat)


async def test_a_groups_labels_come_before_a_persons_own(chat: PrivateChat) -> None:
    await chat.store.set_labels(7, ["a house", "a boat"])
    assert await classifies_alone(chat, 1) == [["a house", "a boat"]]
    await chat.store.set_group_labels(GROUP.home_id, PETS)
    assert await classifies_alone(chat, 2) == [PETS]
    await chat.photo(3)
    assert await asked(chat) == [["a house", "a boat"]]  # in private the own ones


async def chooses(chat: PrivateChat, number: int) -> None:
    await chat.store.choose_next_labels(
        7, 7, ["a fox", "a cow"], chosen_id=number, at=message().sent_at.timestamp()
    )


async def test_chosen_labels_sort_one_photo_without_a_caption(chat: PrivateChat) -> None:
    await chat.store.set_labels(7, PETS)
    await chooses(chat, 1)
    await chat.photo(2, "a house, a boat")
    for _ in range(2):  # the second one as after a crash
        await chat.photo(3)
    await chat.photo(4)
    assert await asked(chat) == [["a house", "a boat"], ["a fox", "a cow"], PETS]
    await chat.photo(3, revision=9)
    assert await asked(chat) == []


async def test_a_command_takes_no_chosen_labels(chat: PrivateChat) -> None:
    await chat.store.set_labels(7, PETS)
    await chooses(chat, 1)
    await chat.text(2, "/classify", replies_to=referenced(message(1, "", picture())))
    assert await asked(chat) == [PETS]


async def test_a_photo_in_a_group_is_sorted_if_labels_were_chosen_for_it(chat: PrivateChat) -> None:
    bob = Author(8, "Bob", language="en")
    await chat.store.choose_next_labels(
        GROUP.chat_id, 7, PETS, chosen_id=1, at=message().sent_at.timestamp()
    )
    await chat.hears(message(2, "", picture(), topic=GROUP, author=bob))
    await chat.hears(message(3, "look!", picture(), topic=GROUP))
    assert await asked(chat) == []
    question = ours(9, "Noted", topic=GROUP)
    await chat.hears(message(4, "", picture(), topic=GROUP, replies_to=question))
    await chat.hears(message(5, "", picture(), topic=GROUP))
    assert await asked(chat) == [PETS]
    assert chat.sentences == []
