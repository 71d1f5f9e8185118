"""Links to sets: seen before they are kept, in the reader's language, and gone with their owner."""

import pytest

from bot.platform.incoming import Author
from tests.bot.chat.label_sets.test_presses import a_press, data_of
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import GROUP, message

PETS = ("a dog", "a <cat>")
BOB = Author(8, "Bob", language="es")


@pytest.fixture
async def token(chat: PrivateChat) -> str:
    """Return the token of Alice's set."""
    await chat.store.save_label_set(7, "pets", "Pets", PETS, limit=20)
    (one,) = await chat.store.label_sets(7)
    return await chat.store.share_label_set(7, one)


async def opens(chat: PrivateChat, token: str) -> str:
    await chat.hears(message(1, f"/start set_{token}", author=BOB))
    return chat.sentences[-1]


async def presses(chat: PrivateChat, data: str) -> str:
    await chat.hears(a_press(data, author=BOB))
    return chat.sentences[-1]


async def bobs(chat: PrivateChat) -> dict[str, tuple[str, ...]]:
    return {one.name: one.labels for one in await chat.store.label_sets(8)}


async def test_a_set_is_seen_before_it_is_kept(chat: PrivateChat, token: str) -> None:
    shown = await opens(chat, token)
    assert "el conjunto <b>Pets</b>, 2 frases:\na dog, a &lt;cat&gt;" in shown
    assert await bobs(chat) == {}
    keep = data_of(chat, "Guardar")
    assert len(keep) <= 64
    assert "Guardado como <b>Pets</b>" in await presses(chat, keep)
    assert chat.platform.buttons == ()
    assert await bobs(chat) == {"Pets": PETS}
    assert "Ya tienes este conjunto" in await presses(chat, keep)  # the same press again
    assert len(await bobs(chat)) == 1


async def test_it_need_not_be_kept(chat: PrivateChat, token: str) -> None:
    await opens(chat, token)
    assert await presses(chat, data_of(chat, "gracias")) == "De acuerdo, no lo guardo."
    assert await bobs(chat) == {}


async def test_a_name_that_is_taken_gets_a_number(chat: PrivateChat, token: str) -> None:
    for number in range(2):
        await chat.text(9, f"/labels save pets{'-2' * number} a fox{number}", author=BOB)
    await opens(chat, token)
    await presses(chat, data_of(chat, "Guardar"))
    assert (await bobs(chat))["Pets-3"] == PETS
    assert len(await bobs(chat)) == 3


async def test_who_has_too_many_sets_is_told(chat: PrivateChat, token: str) -> None:
    await opens(chat, token)
    for number in range(20):
        await chat.text(9, f"/labels save s{number} a fox{number}", author=BOB)
    chat.platform.buttons = ()
    assert "20 conjuntos" in await presses(chat, f"set:keep:8:{token}")
    assert len(await bobs(chat)) == 20


@pytest.mark.parametrize("end", ["delete", "forget", "never"])
async def test_a_link_that_has_ended_is_told(chat: PrivateChat, token: str, end: str) -> None:
    await opens(chat, token)
    keep = data_of(chat, "Guardar")
    if end == "delete":
        await chat.text(2, "/labels delete pets")
    elif end == "forget":
        await chat.store.forget_person(7)
    else:
        token, keep = "wrong", "set:keep:8:wrong"
    assert "Este enlace ya no funciona" in await opens(chat, token)
    assert "Este enlace ya no funciona" in await presses(chat, keep)
    assert await bobs(chat) == {}


@pytest.mark.parametrize("parameter", ["", "inline", "sets", "hello_set"])
async def test_other_links_are_greeted(chat: PrivateChat, parameter: str) -> None:
    await chat.text(1, f"/start {parameter}")
    assert chat.sentences[-1].startswith("Hello Alice!")


async def test_a_link_opened_in_a_group_is_a_greeting(chat: PrivateChat, token: str) -> None:
    await chat.hears(message(1, f"/start set_{token}", topic=GROUP))
    assert chat.sentences[-1].startswith("Hello!")


async def test_a_platform_without_links_is_told_a_command(
    chat: PrivateChat, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(chat.platform), "start_link", lambda *_: "")
    await chat.text(2, "/labels share pets")
    assert f"<code>/start set_{token}</code>" in chat.sentences[-1]
