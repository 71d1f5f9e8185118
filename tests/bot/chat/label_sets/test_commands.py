"""`/labels`: kept, used, renamed, deleted and shared sets, and the labels of a group."""

import pytest

from bot.i18n.lengths import shown_units
from bot.platform.ports import RetryLater
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import GROUP, message, picture

PETS = ("a dog", "a cat")


async def says(chat: PrivateChat, text: str, number: int = 1) -> str:
    await chat.text(number, text)
    return chat.sentences[-1]


async def sets(chat: PrivateChat) -> dict[str, tuple[str, ...]]:
    return {one.name: one.labels for one in await chat.store.label_sets(7)}


async def in_use(chat: PrivateChat) -> tuple[str, ...]:
    return (await chat.store.person(7)).labels


@pytest.mark.parametrize(
    "rest",
    [
        "pets a dog, a cat",
        "pets: a dog, a cat",
        "#pets a dog; a cat",
        "pets = a dog, a cat",
        "pets\na dog\na cat",
        "\npets\ta dog, a cat",
        "pets  a dog, A DOG, a cat",
    ],
)
async def test_a_set_is_saved(chat: PrivateChat, rest: str) -> None:
    told = await says(chat, f"/labels save {rest}")
    assert told.startswith("Saved as <b>pets</b>: a dog, a cat.")
    assert await sets(chat) == {"pets": PETS}
    assert await in_use(chat) == ()


async def test_the_labels_in_use_are_saved(chat: PrivateChat) -> None:
    assert "Which phrases?" in await says(chat, "/labels save pets")
    await says(chat, "/labels a dog, a cat")
    await says(chat, "/labels save pets")
    assert await sets(chat) == {"pets": PETS}


async def test_a_set_is_made_of_sets(chat: PrivateChat) -> None:
    await says(chat, "/labels save pets a dog, a cat")
    await says(chat, "/labels save more #pets, a tree")
    assert (await sets(chat))["more"] == (*PETS, "a tree")
    assert "no set called food2" in await says(chat, "/labels save x #food2")
    assert len(await sets(chat)) == 2


@pytest.mark.parametrize(
    "rest", ["", "dog, cat", "<b> a dog", "save a dog", "clear a, b", f"{'x' * 33} a dog"]
)
async def test_a_wrong_name_is_told(chat: PrivateChat, rest: str) -> None:
    told = await says(chat, f"/labels save {rest}")
    assert "up to 32 letters and digits" in told
    assert "<code>/labels save pets a dog, a cat</code>" in told
    assert await sets(chat) == {}


async def test_the_number_of_sets_and_of_their_labels_is_limited(chat: PrivateChat) -> None:
    for number in range(20):
        await says(chat, f"/labels save set{number} a dog, a cat")
    assert "20 sets, and that is the limit" in await says(chat, "/labels save another a, b")
    assert "Saved" in await says(chat, "/labels save SET3 a fox")
    assert len(await sets(chat)) == 20
    many = ", ".join(map(str, range(21)))
    assert "21 phrases, but the limit is 20" in await says(chat, f"/labels save set3 {many}")


async def test_a_word_that_names_a_set_means_the_set(chat: PrivateChat) -> None:
    await says(chat, "/labels save dog a poodle, a beagle")
    told = await says(chat, "/labels Dog")
    assert told.startswith("The set <b>dog</b> is in use now: a poodle, a beagle.")
    assert '<code>/labels "dog"</code>' in told
    assert await in_use(chat) == ("a poodle", "a beagle")
    assert "Noted: dog." in await says(chat, '/labels "dog"')
    assert await in_use(chat) == ("dog",)
    assert "Noted: dog, cat." in await says(chat, "/labels dog, cat")
    assert "The set <b>animals</b> is in use" in await says(chat, "/labels animales")
    assert (await in_use(chat))[0] == "a dog"
    assert "Noted: unicorns." in await says(chat, "/labels unicorns")


async def test_names_of_sets_stand_among_labels(chat: PrivateChat) -> None:
    await says(chat, "/labels save pets a dog, a cat")
    await says(chat, "/labels #pets, a tree")
    assert await in_use(chat) == (*PETS, "a tree")
    assert "Do you mean <code>#pets</code>" in await says(chat, "/labels #petts, a tree")
    assert await in_use(chat) == (*PETS, "a tree")


async def test_a_set_is_renamed(chat: PrivateChat) -> None:
    for name in ("pets", "food"):
        await says(chat, f"/labels save {name} a dog, a cat")
    assert "<b>pets</b> is called <b>Animals</b>" in await says(chat, "/labels rename PETS Animals")
    assert set(await sets(chat)) == {"Animals", "food"}
    assert "another set called <b>Food</b>" in await says(chat, "/labels rename animals Food")
    assert "no set called pets" in await says(chat, "/labels rename pets other")
    assert "up to 32 letters" in await says(chat, "/labels rename food a/b")
    assert set(await sets(chat)) == {"Animals", "food"}


async def test_a_set_is_deleted(chat: PrivateChat) -> None:
    await says(chat, "/labels save pets a dog, a cat")
    assert "no set called animals. /labels" in await says(chat, "/labels delete animals")
    assert "Do you mean <code>#pets</code>?" in await says(chat, "/labels delete pest")
    assert "<b>pets</b> is deleted" in await says(chat, "/labels delete #Pets")
    assert await sets(chat) == {}
    assert "no set called Pets" in await says(chat, "/labels delete Pets")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("delete key, enter key", ("delete key", "enter key")),
        ("share button, like button", ("share button", "like button")),
        ("rename it", ("rename it",)),
        ("group photo, portrait", ("group photo", "portrait")),
        ("clear sky, clouds", ("clear sky", "clouds")),
    ],
)
async def test_phrases_that_begin_like_a_command_are_phrases(
    chat: PrivateChat, text: str, labels: tuple[str, ...]
) -> None:
    await says(chat, f"/labels {text}")
    assert await in_use(chat) == labels


async def test_labels_are_shown_with_the_sets(chat: PrivateChat) -> None:
    assert "no phrases stored" in await says(chat, "/labels")
    assert [row[0].label for row in chat.platform.buttons] == ["📚 Ready-made sets"]
    await says(chat, "/labels a <b>, a cat")
    assert await says(chat, "/labels") == "Your phrases: a &lt;b&gt;, a cat"
    assert [row[0].label for row in chat.platform.buttons] == [
        "➕ Save these as a set",
        "📚 Ready-made sets",
    ]
    await says(chat, "/labels save pets")
    await says(chat, "/labels save a_very_long_name_of_a_set a dog, a cat")
    told = await says(chat, "/labels")
    assert "\n\nYour sets:\n• <b>a_very_long_name_of_a_set</b>: a dog, a cat\n• <b>pets</b>" in told
    labels = [[button.label for button in row] for row in chat.platform.buttons]
    assert labels == [["a_very_lo…of_a_set", "pets"], ["📚 Ready-made sets"]]


async def test_all_that_can_be_stored_fits_into_one_message(chat: PrivateChat) -> None:
    longest = [f"{number:02}{'🐶' * 98}" for number in range(50)]
    for number in range(20):
        name = f"{number:02}".ljust(32, "x")
        await chat.store.save_label_set(7, name, name, longest, limit=20)
    await chat.store.set_labels(7, longest)
    await chat.store.set_group_labels(GROUP.home_id, longest)
    for text in ("/labels", "/labels group", f"/labels {name}", f"/labels save {name}"):
        assert shown_units(await in_group(chat, text)) <= chat.platform.text_limit
    assert shown_units(await in_group(chat, "/labels")) > 3_000
    assert chat.sentences[-1].count("• <b>") == 20
    assert all(len(b.data.encode()) <= 64 for row in chat.platform.buttons for b in row)
    assert sum(map(len, chat.platform.buttons)) <= 100  # Bot API


async def test_a_command_under_a_photo_also_sorts_it(chat: PrivateChat) -> None:
    await chat.photo(1, "/labels save pets a dog, a cat")
    await chat.photo(2, "/labels pets")
    await chat.photo(3, "/labels")
    await chat.photo(4, "/labels clear")
    jobs = [job.labels for job in await chat.jobs()]
    assert jobs == [["a dog", "a cat"]] * 3
    assert len(chat.sentences) == 5  # four answers, and a question about the last photo


async def test_a_command_that_failed_is_carried_out_again(chat: PrivateChat) -> None:
    chat.platform.faults["send_board"] = [RetryLater("away")]
    with pytest.raises(RetryLater):
        await says(chat, "/labels save pets a dog, a cat")
    assert "Saved" in await says(chat, "/labels save pets a dog, a cat")
    for command, told, left in (
        ("rename pets animals", "is called <b>animals</b>", {"animals"}),
        ("delete animals", "is deleted", set[str]()),
    ):
        chat.platform.faults["send_board"] = [RetryLater("away")]
        with pytest.raises(RetryLater):
            await says(chat, f"/labels {command}")
        assert told in await says(chat, f"/labels {command}")
        assert set(await sets(chat)) == left


async def in_group(chat: PrivateChat, text: str) -> str:
    await chat.hears(message(1, text, topic=GROUP))
    return chat.sentences[-1]


async def test_admins_choose_a_groups_labels(chat: PrivateChat) -> None:
    assert "no phrases of its own" in await in_group(chat, "/labels group")
    assert "Only admins" in await in_group(chat, "/labels group a dog, a cat")
    assert "Only admins" in await in_group(chat, "/labels group clear")
    assert await chat.store.group_labels(GROUP.home_id) == ()
    chat.platform.admins.add(7)
    assert "Noted for this group: a dog, a cat." in await in_group(
        chat, "/labels group a dog, a cat"
    )
    assert await chat.store.group_labels(GROUP.home_id) == PETS
    assert "This group's phrases: a dog, a cat" in await in_group(chat, "/labels group")
    shown = await in_group(chat, "/labels")
    assert shown.startswith("This group's phrases: a dog, a cat\n\nYou have no phrases stored.")
    await in_group(chat, "/labels group food")
    assert "a pizza" in await chat.store.group_labels(GROUP.home_id)
    assert "are forgotten" in await in_group(chat, "/labels group clear")
    assert await chat.store.group_labels(GROUP.home_id) == ()
    assert await in_use(chat) == ()


async def test_a_group_has_no_labels_in_a_private_chat(chat: PrivateChat) -> None:
    for text in ("/labels group", "/labels group clear"):
        assert "works in a group" in await says(chat, text)


async def test_own_labels_in_a_group_are_the_persons(chat: PrivateChat) -> None:
    assert "/classify alone now sorts by" in await in_group(chat, "/labels a dog, a cat")
    assert await in_use(chat) == PETS
    photo = message(2, "/labels a fox, a cow", picture(), topic=GROUP)
    await chat.hears(photo)
    assert await chat.jobs() == []  # in groups only /classify sorts
