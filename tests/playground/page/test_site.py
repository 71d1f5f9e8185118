"""What the page asks of its server: sending, editing, pressing, people and groups."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    Update,
)

from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.serializers import media_unique_id, message_json
from clipbot_playground.page.site import Site
from tests.playground.botapi.pictures import picture


def _last(chat: Chat) -> Message:
    return list(chat.messages.values())[-1]


async def _says(
    page: httpx.AsyncClient,
    person: SimulatedUser,
    chat: Chat | None = None,
    /,
    *,
    files: Any = (),
    **said: Any,
) -> httpx.Response:
    data = {"person": person.user.id, "chat": (chat or person.chat).id, **said}
    named = [("files", (f"{n}.png", content)) for n, content in enumerate(files)]
    # The page always sends a multipart form, even without files.
    return await page.post("/play/send", data=data, files=named or [("none", ("", b""))])


async def test_a_text_arrives_at_the_bot(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot
) -> None:
    assert (await _says(page, anna, text="  hello  ")).status_code == 201
    (update,) = await bot.get_updates(timeout=10)
    assert update.message is not None
    assert update.message.text == "hello"
    assert update.message.from_user is not None
    assert update.message.from_user.id == anna.user.id


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("count", [1, 3])
async def test_pictures_go_as_photos_or_as_files(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot, count: int, as_file: bool
) -> None:
    files = [picture(40, 30) for _ in range(count)]
    sent = await _says(page, anna, files=files, text="a, b", as_file=str(as_file).lower())
    assert sent.status_code == 201
    updates = await bot.get_updates(timeout=10)
    messages = [update.message for update in updates if update.message]
    assert len(messages) == count
    assert [bool(message.document) for message in messages] == [as_file] * count
    if as_file:
        names = [message.document.file_name for message in messages if message.document]
        assert names == [f"{n}.png" for n in range(count)]
    assert [bool(message.photo) for message in messages] == [not as_file] * count
    assert [message.caption for message in messages] == ["a, b"] + [None] * (count - 1)
    assert len({message.media_group_id for message in messages}) == 1
    assert bool(messages[0].media_group_id) == (count > 1)


async def test_pictures_can_be_hidden(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot
) -> None:
    for files in ([picture(40, 30)], [picture(40, 30), picture(30, 40)]):
        await _says(page, anna, files=files, spoiler="true")
    await _says(page, anna, files=[picture(40, 30)], spoiler="true", as_file="true")
    updates = await bot.get_updates(timeout=10)
    hidden = [update.message.has_media_spoiler for update in updates if update.message]
    assert hidden == [True, True, True, None]  # files are never hidden
    shown = [message_json(message)["spoiler"] for message in anna.chat.messages.values()]
    assert shown == [True, True, True, False]


async def test_a_reply_names_what_it_answers(page: httpx.AsyncClient, anna: SimulatedUser) -> None:
    await _says(page, anna, text="first")
    first = _last(anna.chat)
    await _says(page, anna, text="second", reply_to=str(first.message_id))
    assert _last(anna.chat).reply_to is first


async def test_a_sample_is_sent_by_its_name(page: httpx.AsyncClient, anna: SimulatedUser) -> None:
    (sample, *_) = (await page.get("/play/samples")).json()["samples"]
    assert (await page.get(sample["url"])).headers["content-type"] == "image/png"
    await _says(page, anna, sample=sample["name"], text=sample["caption"])
    said = _last(anna.chat)
    assert said.photo is not None
    assert said.caption == sample["caption"]


async def test_an_edit_is_an_update(page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot) -> None:
    await _says(page, anna, files=[picture(40, 30)], text="a dog")
    photo = _last(anna.chat)
    given = {"person": anna.user.id, "chat": anna.chat.id, "message": photo.message_id}
    assert (await page.post("/play/edit", json={**given, "text": "a cat"})).status_code == 200
    updates = await bot.get_updates(timeout=10)
    assert [update.edited_message.caption for update in updates if update.edited_message] == [
        "a cat"
    ]
    assert (await page.post("/play/edit", json={**given, "text": ""})).status_code == 200
    assert photo.caption in (None, "")


@pytest.mark.parametrize("alert", [False, True])
async def test_a_pressed_button_brings_what_the_bot_answers(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot, alert: bool
) -> None:
    await _says(page, anna, text="/start")
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Why?", callback_data="why")]])
    asked = await bot.send_message(anna.chat.id, "A dog.", reply_markup=buttons)
    given = {"person": anna.user.id, "chat": anna.chat.id, "message": asked.message_id}
    pressing = asyncio.create_task(page.post("/play/press", json={**given, "data": "why"}))
    query = await _query(bot)
    await bot.answer_callback_query(query, "It barks.", show_alert=alert)
    assert (await pressing).json() == {"text": "It barks.", "alert": alert, "url": ""}
    wrong = await page.post("/play/press", json={**given, "data": "what"})
    assert wrong.status_code == 422


async def _query(bot: Bot) -> str:
    offset = None
    while True:
        for update in await bot.get_updates(offset, timeout=10):
            offset = update.update_id + 1
            if isinstance(update, Update) and update.callback_query:
                assert update.callback_query.data == "why"
                return update.callback_query.id


async def test_the_menu_is_what_the_bot_has_set(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot
) -> None:
    where = {"person": anna.user.id, "chat": anna.chat.id}
    assert (await page.get("/play/menu", params=where)).json() == []
    await bot.set_my_commands([("labels", "Your phrases")])
    menu = (await page.get("/play/menu", params=where)).json()
    assert menu == [{"command": "labels", "description": "Your phrases"}]


async def test_new_people_and_groups(
    page: httpx.AsyncClient, anna: SimulatedUser, site: Site, server: BotApiServer
) -> None:
    made = await page.post("/play/people", json={"name": " Jana   Doe ", "language": "es"})
    jana = site.people[made.json()["id"]]
    assert (jana.user.first_name, jana.user.last_name) == ("Jana", "Doe")
    assert jana.user.language_code == "es"
    members = [anna.user.id, jana.user.id]
    made = await page.post("/play/groups", json={"name": "Painters", "members": members})
    group = server.world.chats[made.json()["id"]]
    assert group.title == "Painters"
    assert set(group.members) == {*members, server.world.bot.id}
    made = await page.post("/play/people", json={"name": "Karl", "chat": group.id})
    assert made.json()["id"] in group.members
    assert (await _says(page, site.people[made.json()["id"]], group, text="hi")).status_code == 201


async def test_files_are_saved_and_never_shown(
    page: httpx.AsyncClient, anna: SimulatedUser
) -> None:
    markup = b"<script>alert(1)</script>"
    await anna.sends(document=markup, file_name="ä page.html", mime_type="text/html")
    message = _last(anna.chat)
    unique_id = media_unique_id(message.content.media)
    address = f"/play/media/{anna.chat.id}/{message.message_id}/{unique_id}"
    answer = await page.get(f"{address}/file")
    assert answer.content == markup
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%C3%A4%20page.html"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await page.get(address)).status_code == 404


async def test_the_url_of_a_picture_never_shows_another_one(
    page: httpx.AsyncClient, anna: SimulatedUser
) -> None:
    await anna.sends(photo=picture(40, 30))
    address = message_json(_last(anna.chat))["media"]["url"]
    answer = await page.get(address)
    assert answer.content == _last(anna.chat).photo
    assert "max-age" in answer.headers["cache-control"]
    another = f"{address.rpartition('/')[0]}/AQADofthelastrun"
    assert (await page.get(another)).status_code == 404


async def test_browsers_ask_for_the_page_again_after_an_upgrade(
    page: httpx.AsyncClient,
) -> None:
    for path in ("/", "/page/js/main.js", "/play/samples"):
        assert (await page.get(path)).headers["cache-control"] == "no-cache"


async def test_half_a_character_is_refused(
    page: httpx.AsyncClient, anna: SimulatedUser, server: BotApiServer
) -> None:
    await anna.sends("hello")
    said = {"person": anna.user.id, "chat": anna.chat.id, "message": 1, "text": "\ud83d"}
    answer = await page.post("/play/edit", content=json.dumps(said))
    assert answer.status_code == 422
    assert _last(anna.chat).text == "hello"
    asked = {"chat_id": anna.chat.id, "text": "a"}
    for body in ({"text": "\ud83d"}, {"reply_markup": json.dumps({"force_reply": "\ud83d"})}):
        async with httpx.AsyncClient(headers={"content-type": "application/json"}) as bot:
            with server.expecting():
                refused = await bot.post(
                    f"{server.url}/bot{server.token}/sendMessage", content=json.dumps(asked | body)
                )
        assert (refused.status_code, refused.json()["ok"]) == (400, False)
    assert len(anna.chat.messages) == 1


@pytest.mark.parametrize(
    ("files", "said", "status", "sentence"),
    [
        ([], {"text": " "}, 422, "There is nothing to send."),
        ([], {"text": "x" * (limits.TEXT_LENGTH + 1)}, 422, "Telegram takes up to 4,096"),
        ([b"1"], {"text": "x" * (limits.CAPTION_LENGTH + 1)}, 422, "Telegram takes up to 1,024"),
        ([b"no picture"], {"text": "a"}, 422, "Telegram can't show that as a picture."),
        ([], {"text": "a", "reply_to": "99"}, 404, "That message no longer exists."),
        ([], {"text": "a", "person": "99"}, 404, "There is no such person."),
        ([], {"text": "a", "chat": "none"}, 404, "There is no such chat."),
        ([b"1"] * (limits.MEDIA_GROUP_MAX + 1), {}, 400, "Too many files"),
    ],
)
async def test_what_telegrams_clients_do_not_allow(
    page: httpx.AsyncClient,
    anna: SimulatedUser,
    files: list[bytes],
    said: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    answer = await _says(page, anna, files=files, **said)
    assert (answer.status_code, answer.json()["error"][: len(sentence)]) == (status, sentence)
    assert anna.chat.messages == {}


async def test_people_can_write_only_in_their_chats(
    page: httpx.AsyncClient, anna: SimulatedUser, site: Site, server: BotApiServer
) -> None:
    group = server.group("Friends", [anna])
    stranger = site.add_person("Stranger")
    answer = await _says(page, stranger, group, text="hi")
    assert (answer.status_code, answer.json()) == (422, {"error": "Stranger is not in Friends"})
    await _says(page, anna, text="mine")
    given = {"person": stranger.user.id, "chat": anna.chat.id}
    given["message"] = _last(anna.chat).message_id
    assert (await page.post("/play/edit", json={**given, "text": "yours"})).status_code == 422
    assert _last(anna.chat).text == "mine"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/play/people", {"name": " "}, 422),
        ("/play/people", {"name": "x" * 61}, 422),
        ("/play/people", {"name": "Jana", "chat": 99}, 404),
        ("/play/groups", {"name": "Empty", "members": []}, 422),
        ("/play/groups", {"name": "Odd", "members": "all"}, 422),
        ("/play/groups", {"name": "Odd", "members": [99]}, 404),
        ("/play/edit", ["no object"], 400),
    ],
)
async def test_requests_that_the_page_would_not_make(
    page: httpx.AsyncClient, path: str, body: object, status: int
) -> None:
    answer = await page.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/play/samples/none", "/play/samples/..%2fconfig.json", "/page/..%2fserver.py"]
)
async def test_other_files_are_not_served(page: httpx.AsyncClient, path: str) -> None:
    assert (await page.get(path)).status_code == 404


async def _offers(bot: Bot, *articles: InlineQueryResultArticle, **fields: Any) -> None:
    (update, *_) = await bot.get_updates(-1, timeout=10)
    assert update.inline_query
    await update.inline_query.answer(articles, **fields)
    await bot.get_updates(update.update_id + 1)


async def test_a_choice_is_said_by_way_of_the_bot(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot
) -> None:
    where = {"person": anna.user.id, "chat": anna.chat.id}
    pets = InlineQueryResultArticle("7", "Pets", InputTextMessageContent("a dog, a cat"))
    asking = page.post("/play/inline", json={**where, "text": "dog"})
    answer, _ = await asyncio.gather(asking, _offers(bot, pets))
    offered = answer.json()
    assert offered["choices"] == [{"id": "7", "title": "Pets", "description": ""}]
    chosen = {**where, "query": offered["query"]}
    assert (await page.post("/play/choose", json={**chosen, "choice": "7"})).status_code == 201
    (said,) = anna.chat.messages.values()
    assert said.text == "a dog, a cat"
    assert message_json(said)["via"] == "clip_test_bot"
    for wrong, status in (({"choice": "8"}, 422), ({"query": "1", "choice": "7"}, 404)):
        assert (await page.post("/play/choose", json=chosen | wrong)).status_code == status


async def test_the_button_above_the_choices_starts_the_bot(
    page: httpx.AsyncClient, anna: SimulatedUser, bot: Bot
) -> None:
    where = {"person": anna.user.id, "chat": anna.chat.id}
    button = InlineQueryResultsButton("Save some", start_parameter="inline")
    asking = page.post("/play/inline", json={**where, "text": ""})
    answer, _ = await asyncio.gather(asking, _offers(bot, button=button))
    assert (answer.json()["button"], answer.json()["choices"]) == ("Save some", [])
    await page.post("/play/choose", json={**where, "query": answer.json()["query"]})
    (said,) = anna.chat.messages.values()
    assert said.text == "/start inline"


async def test_a_text_that_telegram_would_not_send_is_refused(
    page: httpx.AsyncClient, anna: SimulatedUser
) -> None:
    asked = {"person": anna.user.id, "chat": anna.chat.id, "text": "x" * 257}
    assert (await page.post("/play/inline", json=asked)).status_code == 422
