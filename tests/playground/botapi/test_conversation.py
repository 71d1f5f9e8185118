"""People and the bot talk; each sees what the other did."""

import asyncio

import pytest
from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture, sides


async def test_a_photo_with_a_caption_gets_a_reply(bot: Bot, alice: SimulatedUser) -> None:
    photo = await alice.sends(photo=picture(2000, 1000), caption="dog, cat")
    (update,) = await bot.get_updates(timeout=10)
    assert update.message is not None
    assert update.message.caption == "dog, cat"
    assert update.message.from_user is not None
    assert update.message.from_user.language_code == "en"
    assert [(p.width, p.height) for p in update.message.photo] == [
        (90, 45),
        (320, 160),
        (800, 400),
        (1280, 640),
    ]
    await update.message.reply_photo(
        picture(900, 300), caption="🏆 <b>dog</b> · 93 %", parse_mode="HTML", do_quote=True
    )
    answer = await alice.hears(reply_to=photo)
    assert answer.caption == "🏆 dog · 93 %"
    assert [(e.type, e.offset, e.length) for e in answer.entities] == [("bold", 3, 3)]
    assert answer.photo is not None
    assert sides(answer.photo) == (900, 300)
    assert photo.chat.replies_to(photo) == [answer]


async def test_a_message_is_heard_once(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    first = await bot.send_message(alice.user.id, "one")
    await bot.send_message(alice.user.id, "two")
    assert (await alice.hears()).message_id == first.message_id
    assert (await alice.hears()).text == "two"
    with pytest.raises(AssertionError, match="Alice heard nothing"):
        await alice.hears(within=0)


async def test_a_bot_cannot_write_first(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(alice.user.id, "psst")
    with server.expecting("chat not found"), pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(987654321, "psst")


async def test_a_bot_that_a_person_blocked_gets_an_error(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("hello")
    alice.blocks()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(alice.user.id, "hello?")
    with pytest.raises(ValueError, match="has blocked the bot"):
        await alice.sends("hm")
    alice.unblocks()
    updates = await bot.get_updates()
    statuses = [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member]
    assert statuses == ["kicked", "member"]


async def test_edits_of_a_person_come_as_updates(bot: Bot, alice: SimulatedUser) -> None:
    photo = await alice.sends(photo=picture(), caption="dog, cat")
    await alice.edits(photo, caption="dog, fox")
    _, update = await bot.get_updates()
    assert update.edited_message is not None
    assert update.edited_message.caption == "dog, fox"
    assert update.edited_message.edit_date is not None
    assert update.edited_message.message_id == photo.message_id


async def test_buttons(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    (start,) = await bot.get_updates()
    keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Again", callback_data="x"))
    await bot.send_message(alice.user.id, "Well?", reply_markup=keyboard)
    question = await alice.hears()

    async def answers() -> None:
        (update,) = await bot.get_updates(offset=start.update_id + 1, timeout=10)
        query = update.callback_query
        assert query is not None
        assert query.data == "x"
        await query.answer("Once more", show_alert=True)
        await query.edit_message_text("Well, well.")

    shown, _ = await asyncio.gather(alice.presses(question, "Again"), answers())
    assert (shown.text, shown.show_alert) == ("Once more", True)
    edited = await alice.hears(edit_of=question)
    assert edited.text == "Well, well."
    assert edited.keyboard == ()
    with pytest.raises(ValueError, match="no button"):
        await alice.presses(edited, "Again")
    with server.expecting("query is too old"), pytest.raises(BadRequest, match="too old"):
        await bot.answer_callback_query("1234", "late")


async def test_the_bot_edits_its_own_messages(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    hello = await alice.sends("hello")
    text = await bot.send_message(alice.user.id, "Looking …")
    photo = await bot.send_photo(alice.user.id, picture(100, 50), caption="dog")
    await text.edit_text("Looked.")
    await photo.edit_caption("fox")
    await photo.edit_media(InputMediaPhoto(picture(50, 100), caption="wolf"))
    heard = await alice.hears(edit_of=alice.chat.messages[photo.message_id])
    assert heard.caption == "wolf"
    assert heard.photo is not None
    assert sides(heard.photo) == (50, 100)
    with server.expecting():
        for call, complaint in (
            (text.edit_text("Looked."), "Message is not modified"),
            (photo.edit_text("text"), "There is no text in the message to edit"),
            (text.edit_caption("caption"), "There is no caption in the message to edit"),
            (bot.edit_message_text("x", alice.user.id, 999), "Message to edit not found"),
            (bot.edit_message_text("x", alice.user.id, hello.message_id), "can't be edited"),
            (bot.delete_message(alice.user.id, 999), "Message to delete not found"),
        ):
            with pytest.raises(BadRequest, match=complaint):
                await call
    assert await text.delete()
    assert text.message_id not in alice.chat.messages


async def test_replies(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    hello = await alice.sends("hello")
    reply = ReplyParameters(hello.message_id)
    answer = await bot.send_message(
        alice.user.id, "hi", reply_parameters=reply, reply_markup=ForceReply()
    )
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.text == "hello"
    heard = await alice.hears(reply_to=hello)
    assert heard.force_reply
    await alice.sends("so?", reply_to=heard)
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.reply_to_message is None
    alice.deletes(hello)
    with (
        server.expecting("message to be replied not found"),
        pytest.raises(BadRequest, match="Message to be replied not found"),
    ):
        await bot.send_message(alice.user.id, "hi", reply_parameters=reply)
    anyway = ReplyParameters(hello.message_id, allow_sending_without_reply=True)
    alone = await bot.send_message(alice.user.id, "hi", reply_parameters=anyway)
    assert alone.reply_to_message is None


async def test_an_album_is_several_updates(bot: Bot, alice: SimulatedUser) -> None:
    album = await alice.sends(album=[picture(), picture()], caption="a, b", caption_on=1)
    updates = await bot.get_updates()
    messages = [update.message for update in updates if update.message]
    assert [message.caption for message in messages] == [None, "a, b"]
    assert len({message.media_group_id for message in messages}) == 1
    sent = await bot.send_media_group(
        alice.user.id,
        [InputMediaPhoto(picture(), caption="one"), InputMediaPhoto(picture(30, 30))],
        reply_parameters=ReplyParameters(album[0].message_id),
    )
    assert len({message.media_group_id for message in sent}) == 1
    assert (await alice.hears(reply_to=album)).caption == "one"
