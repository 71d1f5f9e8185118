"""Label sets over real HTTP: kept, used, shared, chosen in other chats, in both languages."""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing

import pytest

from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.e2e.running import Clipbot
from tests.playground.botapi.pictures import picture
from tests.waiting import until


async def _asks(person: SimulatedUser, text: str, to: Chat | None = None) -> Message:
    """Send a text and return the answer."""
    return await person.hears(reply_to=await person.sends(text, to=to))


async def _presses(person: SimulatedUser, message: Message, button: str) -> str:
    """Press a button, wait for what it changes, and return the message's text."""
    await person.presses(message, button)
    return (await person.hears(edit_of=message)).text or ""


def _labels_of(answer: Message) -> str:
    assert answer.photo
    return answer.caption or ""


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Saved as pets", "phrases", "Use", "Rename", "called", "Delete", "Your phrases")),
        (
            "es",
            ("Guardado como pets", "frases", "Usar", "Renombrar", "llamarse", "Borrar", "Tus fr"),
        ),
    ],
)
async def test_a_set_is_kept_used_renamed_and_deleted(
    server: BotApiServer, language: str, words: tuple[str, ...]
) -> None:
    saved, phrases, use, rename, called, delete, yours = words
    person = server.person("Carmen", language)
    assert saved in ((await _asks(person, "/labels save pets a dog, a cat")).text or "")
    photo = await person.sends(picture(), caption="#pets, a moon")
    caption = _labels_of(await person.hears(reply_to=photo))
    assert "a dog" in caption or "a cat" in caption or "a moon" in caption
    shown = await _asks(person, "/labels")
    assert f"pets, 2 {phrases}:\na dog, a cat" in await _presses(person, shown, "pets")
    await person.presses(shown, rename)
    question = await person.hears(matching=lambda message: called in (message.text or ""))
    assert question.force_reply
    renamed = await person.hears(reply_to=await person.sends("animalitos", reply_to=question))
    assert "animalitos" in (renamed.text or "")
    listed = await _presses(person, shown, "«")
    assert "animalitos: a dog, a cat" in listed
    await _presses(person, shown, "animalitos")
    assert yours in await _presses(person, shown, use)
    photo = await person.sends(picture())
    assert "a " in _labels_of(await person.hears(reply_to=photo))
    await _presses(person, shown, "animalitos")
    await _presses(person, shown, delete)
    assert "animalitos" not in await _presses(person, shown, delete)


@pytest.mark.parametrize(
    ("language", "name", "phrase", "button"),
    [
        ("en", "weather", "a sunny day", "Ready-made"),
        ("es", "tiempo", "un día soleado", "predefinidos"),
    ],
)
async def test_ready_made_sets_are_there_for_everybody(
    server: BotApiServer, language: str, name: str, phrase: str, button: str
) -> None:
    person = server.person("Carmen", language)
    shown = await _asks(person, "/labels")
    await _presses(person, shown, button)
    assert phrase in await _presses(person, shown, name)
    photo = await person.sends(picture(), caption=f"#{name}")
    assert (await person.hears(reply_to=photo)).photo
    photo = await person.sends(picture(), caption=f"#{name}x")
    assert f"#{name}" in ((await person.hears(reply_to=photo)).text or "")


async def test_a_shared_set_is_kept_in_the_readers_language(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    await _asks(alice, "/labels save Pets a dog, a cat")
    told = await _asks(alice, "/labels share pets")
    link = (told.text or "").splitlines()[-1]
    assert (await _asks(alice, "/labels share pets")).text == told.text
    carmen = server.person("Carmen", "es")
    preview = await carmen.hears(reply_to=await carmen.opens(link))
    assert "comparte contigo el conjunto Pets, 2 frases:\na dog, a cat" in (preview.text or "")
    assert "Guardado como Pets" in await _presses(carmen, preview, "Guardar")
    assert not preview.keyboard
    photo = await carmen.sends(picture(), caption="#pets")
    assert (await carmen.hears(reply_to=photo)).photo
    await _asks(alice, "/labels delete pets")
    gone = await carmen.hears(reply_to=await carmen.opens(link))
    assert "ya no funciona" in (gone.text or "")


async def test_a_groups_admins_choose_its_labels(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    await _asks(bob, "/labels a house, a boat", to=group)
    refused = await _asks(bob, "/labels group a dog, a cat", to=group)
    assert "Only admins" in (refused.text or "")
    noted = await _asks(alice, "/labels group a dog, a cat", to=group)
    assert "Noted for this group: a dog, a cat." in (noted.text or "")
    photo = await bob.sends(picture(), caption="/classify", to=group)
    caption = _labels_of(await bob.hears(reply_to=photo))
    assert "a dog" in caption
    assert "a house" not in caption
    shown = await _asks(bob, "/labels", to=group)
    assert (shown.text or "").startswith("This group's phrases: a dog, a cat\n\nYour phrases")
    # Somebody else's press does nothing.
    toast = await alice.presses(shown, "Ready-made")
    assert "somebody else's" in (toast.text or "")
    await _asks(alice, "/labels group clear", to=group)
    photo = await bob.sends(picture(), caption="/classify", to=group)
    assert "a house" in _labels_of(await bob.hears(reply_to=photo))


async def test_hashtags_in_a_group_without_privacy_mode_are_left_alone(
    server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Open", [alice, bob], privacy=False)
    untouched = [
        await bob.sends(picture(), caption="#animals", to=group),
        await bob.sends(picture(), caption="#1", to=group),
        await bob.sends("#animals", to=group),
        await bob.sends(picture(), to=group),
    ]
    await _asks(bob, "/labels", to=group)
    assert [reply for message in untouched for reply in group.replies_to(message)] == []


@pytest.mark.parametrize(
    ("language", "title", "reply"),
    [
        ("en", "Sort my next photo here by these", "as a reply to this message"),
        ("es", "Comparar mi próxima foto aquí con estas", "como respuesta a este mensaje"),
    ],
)
async def test_labels_are_chosen_in_a_group_for_the_next_photo(
    server: BotApiServer, alice: SimulatedUser, language: str, title: str, reply: str
) -> None:
    carmen = server.person("Carmen", language)
    group = server.group("Friends", [alice, carmen])  # in privacy mode
    offered = await carmen.queries("a dog, a cat", chat=group)
    said = await carmen.chooses(offered, title, to=group)
    assert "\na dog · a cat\n" in (said.text or "")
    question = await carmen.hears(reply_to=said)
    assert question.force_reply
    assert reply in (question.text or "")
    photo = await carmen.sends(picture(), reply_to=question)
    assert "a dog" in _labels_of(await carmen.hears(reply_to=photo))
    again = await carmen.sends(picture(), reply_to=question)
    last = await carmen.sends(picture(), caption="/classify a house, a boat", to=group)
    await carmen.hears(reply_to=last)
    assert group.replies_to(again) == []


async def test_a_set_is_chosen_in_private_and_its_link_leads_to_the_bot(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    await _asks(alice, "/labels save pets a dog, a cat")
    offered = await alice.queries("pe")
    assert [choice.title for choice in offered.choices][1:3] == ["🏷 pets", "🏷 animals"]
    said = await alice.chooses(offered, "🏷 pets")
    assert "within 15 minutes" in ((await alice.hears(reply_to=said)).text or "")
    photo = await alice.sends(picture())
    assert "a dog" in _labels_of(await alice.hears(reply_to=photo))
    link = (said.text or "").rpartition(" ")[2]
    bob = server.person("Bob")  # he read it in a chat where the bot is not
    greeting = await bob.hears(reply_to=await bob.opens(link))
    assert (greeting.text or "").startswith("Hello Bob!")


def _found(bot: Clipbot, query: str) -> list[object]:
    """Return the first column of what a query finds in the bot's database."""
    with closing(sqlite3.connect(bot.database)) as database:
        return [row[0] for row in database.execute(query)]


async def test_a_kill_between_a_press_and_its_answer_loses_and_repeats_nothing(
    own_server: BotApiServer, start: Start
) -> None:
    alice = own_server.person("Alice")
    async with start() as bot:
        for name in ("food", "pets"):
            await _asks(alice, f"/labels save {name} a dog, a cat")
        shown = await _asks(alice, "/labels")
        await _presses(alice, shown, "pets")
        await _presses(alice, shown, "Delete")
        own_server.faults.next("answerCallbackQuery", status=502, times=1_000)
        pressed = asyncio.create_task(alice.presses(shown, "Delete", within=60))
        await until(lambda: _found(bot, "select name from label_sets"), ["food"], 20.0)
        assert not pressed.done()
        await bot.is_killed()
    own_server.faults.clear()
    async with start() as bot:
        assert "no longer there" in ((await pressed).text or "")
        told = await alice.hears(edit_of=shown)
        assert "food" in (told.text or "")
        assert "pets" not in (told.text or "")
        assert _found(bot, "select name from label_sets") == ["food"]


async def test_a_kill_between_a_choice_and_its_photo_loses_nothing(
    own_server: BotApiServer, start: Start
) -> None:
    alice = own_server.person("Alice")
    async with start() as bot:
        photo = await alice.sends(picture(), caption="a moon, a sun")
        await alice.hears(reply_to=photo, within=60)
        offered = await alice.queries("a dog, a cat")
        own_server.faults.next("sendMessage", status=502, times=1_000)
        chosen = await alice.chooses(offered, "Sort my next photo here by these")
        await until(lambda: _found(bot, "select user_id from next_labels"), [alice.user.id], 20.0)
        await bot.is_killed()
    own_server.faults.clear()
    async with start() as bot:
        assert "a dog, a cat" in ((await alice.hears(reply_to=chosen)).text or "")
        os.kill(bot.process("worker"), signal.SIGSTOP)  # so that the photo waits
        photo = await alice.sends(picture())
        waiting = "select count(*) from jobs where delivered_at is null"
        await until(lambda: _found(bot, waiting), [1], 20.0)
        await bot.is_killed()
    async with start():
        # A worker that starts slowly is announced by the place in the queue.
        answer = await alice.hears(reply_to=photo, matching=lambda m: bool(m.photo), within=60)
        assert "a dog" in _labels_of(answer)
        after = await alice.sends(picture())
        assert (await alice.hears(reply_to=after, within=60)).force_reply  # chosen for one photo
        assert len(alice.chat.replies_to(photo)) == 1
