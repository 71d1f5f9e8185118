"""Commands for a person's preferences: labels, template, language, privacy, help."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.games.registry import GAMES
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.running import Clipbot
from tests.playground.botapi.pictures import picture
from tests.waiting import until


async def _asks(person: SimulatedUser, text: str) -> str:
    """Send a text and return the text of the answer."""
    return (await person.hears(reply_to=await person.sends(text))).text or ""


async def test_start_and_help(alice: SimulatedUser) -> None:
    assert (await _asks(alice, "/start")).startswith("Hello Alice!")
    assert "/labels a dog, a cat" in await _asks(alice, "/help")


async def test_a_name_with_markup_is_only_a_name(server: BotApiServer) -> None:
    eve = server.person("<b>Eve</b>&amp;")
    assert (await _asks(eve, "/start")).startswith("Hello <b>Eve</b>&amp;!")


async def test_default_labels_are_set_shown_used_and_forgotten(alice: SimulatedUser) -> None:
    assert "no phrases stored" in await _asks(alice, "/labels")
    assert "Noted: a dog, <a> cat." in await _asks(alice, "/labels a dog, <a> cat, A DOG")
    assert await _asks(alice, "/labels") == "Your phrases: a dog, <a> cat"
    photo = await alice.sends(picture())
    assert "a dog" in ((await alice.hears(reply_to=photo)).caption or "")
    captioned = await alice.sends(picture(), caption="a house, a boat")
    assert "a dog" not in ((await alice.hears(reply_to=captioned)).caption or "")
    assert "forgotten" in await _asks(alice, "/labels clear")
    photo = await alice.sends(picture())
    assert (await alice.hears(reply_to=photo)).force_reply


async def test_a_single_label_and_too_many(alice: SimulatedUser) -> None:
    assert "compared with this phrase" in await _asks(alice, "/labels a dog")
    assert "Those are 51 phrases" in await _asks(alice, f"/labels {','.join(map(str, range(51)))}")
    assert await _asks(alice, "/labels") == "Your phrases: a dog"


async def test_each_person_has_their_own_labels(alice: SimulatedUser, bob: SimulatedUser) -> None:
    await _asks(alice, "/labels a dog, a cat")
    assert "no phrases stored" in await _asks(bob, "/labels")


async def test_a_template_wraps_each_phrase(alice: SimulatedUser) -> None:
    assert "Phrases are used as you type them." in await _asks(alice, "/template")
    assert "exactly one {}" in await _asks(alice, "/template a photo")
    assert "exactly one {}" in await _asks(alice, "/template {} and {}")
    assert "“dog” becomes “a <blurry> dog”" in await _asks(alice, "/template a <blurry> {}")
    assert "a <blurry> {}" in await _asks(alice, "/template")
    photo = await alice.sends(picture(), caption="cat, dog")
    wrapped = (await alice.hears(reply_to=photo)).caption
    assert "blurry" not in (wrapped or "")
    assert "as you type them" in await _asks(alice, "/template clear")


async def test_template_buttons_choose_a_template(alice: SimulatedUser) -> None:
    shown = await alice.hears(reply_to=await alice.sends("/template"))
    assert [button.text for button in shown.keyboard] == ["auto", "a photo of {}", "✓ as typed"]
    answer = await alice.presses(shown, "auto")
    assert (answer.text or "").startswith("Noted: auto.")
    await alice.hears(edit_of=shown)
    assert shown.text == answer.text
    assert [button.text for button in shown.keyboard] == ["✓ auto", "a photo of {}", "as typed"]
    assert (await _asks(alice, "/template")).startswith("Your template: auto.")
    photo = await alice.sends(picture(), caption="cat, dog")
    assert "%" in ((await alice.hears(reply_to=photo)).caption or "")
    again = await alice.presses(shown, "✓ auto")
    assert again.text == answer.text
    await alice.presses(shown, "a photo of {}")
    await alice.hears(edit_of=shown)
    assert "“dog” becomes “a photo of dog”" in (shown.text or "")
    await alice.presses(shown, "as typed")
    await alice.hears(edit_of=shown)
    assert "Phrases are used as you type them." in await _asks(alice, "/template")


async def test_template_buttons_speak_spanish(server: BotApiServer) -> None:
    carmen = server.person("Carmen", "es")
    shown = await carmen.hears(reply_to=await carmen.sends("/template"))
    assert [button.text for button in shown.keyboard] == ["auto", "a photo of {}", "✓ tal cual"]
    answer = await carmen.presses(shown, "auto")
    assert (answer.text or "").startswith("Anotado: auto.")


async def test_template_buttons_are_for_whoever_asked(
    server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Templates", [alice, bob])
    shown = await alice.hears(reply_to=await alice.sends("/template", to=group))
    before = shown.text
    foreign = await bob.presses(shown, "auto")
    assert "somebody else's" in (foreign.text or "")
    assert shown.text == before
    assert "Phrases are used as you type them." in await _asks(bob, "/template")
    assert "Phrases are used as you type them." in await _asks(alice, "/template")


async def test_an_anonymous_admin_gets_no_buttons(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    group = server.group("Templates", [alice])
    command = await alice.sends("/template", to=group, anonymous=True)
    shown = await alice.hears(reply_to=command)
    assert "Phrases are used as you type them." in (shown.text or "")
    assert not shown.keyboard


async def test_a_spanish_client_gets_spanish(server: BotApiServer) -> None:
    carmen = server.person("Carmen", "es-MX")
    assert (await _asks(carmen, "/start")).startswith("¡Hola, Carmen!")
    photo = await carmen.sends(picture(), caption="un perro, un gato")
    caption = (await carmen.hears(reply_to=photo)).caption or ""
    assert "," in caption.splitlines()[0].rpartition(" · ")[2]  # 93,1 %
    assert "labels" in carmen.sees_commands()


async def test_a_client_in_another_language_gets_english(server: BotApiServer) -> None:
    for language in ("de", None):
        person = server.person("Franz", language)
        assert (await _asks(person, "/start")).startswith("Hello Franz!")


async def test_the_language_button(alice: SimulatedUser) -> None:
    question = await alice.hears(reply_to=await alice.sends("/language"))
    answer = await alice.presses(question, "Español")
    assert answer.text == "Ahora hablo español."
    await alice.hears(edit_of=question)
    assert question.text == "Ahora hablo español."
    assert not question.keyboard
    assert "perro" in await _asks(alice, "/labels")
    assert await _asks(alice, "/language en") == "I speak English now."
    unknown = await _asks(alice, "/language klingon")
    assert unknown.startswith("I speak English, Español")


async def test_the_privacy_button_deletes_everything(alice: SimulatedUser) -> None:
    await _asks(alice, "/labels a dog, a cat")
    await _asks(alice, "/language es")
    page = await alice.hears(reply_to=await alice.sends("/privacy"))
    assert "Qué se guarda" in (page.text or "")
    await alice.presses(page, page.keyboard[0].text)
    await alice.hears(edit_of=page)
    assert "no phrases stored" in await _asks(alice, "/labels")


@pytest.mark.parametrize(
    ("language", "button", "caption"),
    [
        ("en", "Send me my data", "Everything that I store about you. Times are in UTC."),
        ("es", "Enviarme mis datos", "Todo lo que guardo sobre ti. Las horas son UTC."),
    ],
)
async def test_the_second_privacy_button_sends_everything_as_a_file(
    server: BotApiServer, language: str, button: str, caption: str
) -> None:
    dora = server.person("Dora", language)
    photo = await dora.sends(picture(), caption="a fox, a cow")
    chart = await dora.hears(reply_to=photo)
    await _asks(dora, "/labels a dog, a cat")
    page = await dora.hears(reply_to=await dora.sends("/privacy"))
    assert [one.text for one in page.keyboard][1] == button
    await dora.presses(page, button)
    sent = await dora.hears(reply_to=page)
    assert sent.caption == caption
    assert sent.document
    file = json.loads(sent.document)
    assert file["user_id"] == dora.user.id
    assert file["preferences"][0]["labels"] == ["a dog", "a cat"]
    (asked,) = file["asked_by_you"]
    assert (asked["chat_id"], asked["message_id"]) == (dora.chat.id, photo.message_id)
    assert asked["delivered_at"] >= asked["created_at"]
    answer_ids = [answer["answer_id"] for answer in file["answers_to_you"]]
    assert answer_ids == [chart.message_id]
    assert file["running_games"] == []


async def test_an_unknown_command_gets_a_hint(alice: SimulatedUser) -> None:
    assert "don't know that command" in await _asks(alice, "/frobnicate")


async def test_an_edited_command_is_not_carried_out_again(alice: SimulatedUser) -> None:
    command = await alice.sends("/labels a dog, a cat")
    await alice.hears(reply_to=command)
    await alice.edits(command, "/labels a house, a boat")
    assert await _asks(alice, "/labels") == "Your phrases: a dog, a cat"


async def test_labels_under_a_photo_are_stored_and_sort_it(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="/labels a dog, a cat")
    said = [await alice.hears(reply_to=photo) for _ in range(2)]
    assert any("Noted: a dog, a cat" in (answer.text or "") for answer in said)
    assert any("a dog" in (answer.caption or "") for answer in said)
    assert await _asks(alice, "/labels") == "Your phrases: a dog, a cat"


async def test_a_command_for_another_bot_is_not_a_phrase(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="/classify@other_bot a, b")
    assert "don't know that command" in ((await alice.hears(reply_to=photo)).text or "")


async def test_classify_without_a_picture_says_what_to_do(alice: SimulatedUser) -> None:
    assert "Reply to a picture with /classify" in await _asks(alice, "/classify a dog, a cat")
    text = await alice.sends("just words")
    await alice.hears(reply_to=text)
    reply = await alice.sends("/classify a dog", reply_to=text)
    assert "Reply to a picture" in ((await alice.hears(reply_to=reply)).text or "")


async def test_classify_works_in_private_too(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="/classify a dog, a cat")
    answer = await alice.hears(reply_to=photo)
    assert "a dog" in (answer.caption or "")
    assert "/classify" not in (answer.caption or "")


async def test_the_menus(server: BotApiServer, alice: SimulatedUser) -> None:
    group = server.group("Menu", [alice])
    private = ["labels", "play", "template", "language", "cancel", "privacy", "help"]
    about_games = ["score", "skip", "stop", "settings", "forget"]
    games = ["play", *(game.command for game in GAMES), *about_games]
    await server.until(lambda: alice.sees_commands() == private)
    await server.until(lambda: alice.sees_commands(group) == ["classify", *games, "labels", "help"])


async def test_status_is_for_the_host(server: BotApiServer, alice: SimulatedUser) -> None:
    assert "don't know that command" in await _asks(alice, "/status")


async def test_many_people_at_once(server: BotApiServer) -> None:
    people = [server.person(f"Person {number}") for number in range(20)]
    photos = [
        (person, await person.sends(picture(), caption=f"a dog, a cat, thing {number}"))
        for person in people
        for number in range(3)
    ]
    answers = await asyncio.gather(
        *(person.hears(reply_to=photo, within=60) for person, photo in photos)
    )
    assert all(answer.photo for answer in answers)
    for person, photo in photos:
        assert len(person.chat.replies_to(photo)) == 1


async def test_a_plain_copy_of_the_database_has_what_was_chosen_some_time_ago(
    clipbot: Clipbot, alice: SimulatedUser, tmp_path: Path
) -> None:
    await alice.hears(reply_to=await alice.sends("/labels a copied dog, a copied cat"))

    def is_copied() -> bool:
        copy = shutil.copy(clipbot.database, tmp_path)  # without clipbot.db-wal
        with closing(sqlite3.connect(copy)) as database:
            query = "select labels from people where user_id = ?"
            try:
                found = database.execute(query, (alice.user.id,)).fetchone()
            except sqlite3.DatabaseError:
                return False  # copied during a checkpoint
        return found is not None and "a copied dog" in found[0]

    await until(is_copied, True, 40.0)
