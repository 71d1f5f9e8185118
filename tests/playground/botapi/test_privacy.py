"""Which messages of a group reach the bot."""

import pytest
from telegram import Bot, ReplyParameters
from telegram.error import BadRequest, Forbidden

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("hello", False),
        ("/classify a, b", True),
        ("/classify@clip_test_bot a, b", True),
        ("/classify@CLIP_test_bot a, b", True),
        ("/classify@other_bot a, b", False),
        ("please /classify a, b", False),
        ("@clip_test_bot hello", False),
        ("1/2", False),
        ("/", False),
    ],
)
async def test_texts_with_privacy_mode(
    server: BotApiServer, alice: SimulatedUser, text: str, seen: bool
) -> None:
    group = server.group("Friends", [alice])
    server.world.updates.drop_pending()
    await alice.sends(text, to=group)
    assert len(server.world.updates.pending) == seen


@pytest.mark.parametrize(
    ("caption", "seen"),
    [
        (None, False),
        ("dog, cat", False),
        ("/classify dog, cat", True),
        ("/classify@clip_test_bot dog", True),
        ("/classify@other_bot dog", False),
    ],
)
async def test_captions_with_privacy_mode(
    server: BotApiServer, alice: SimulatedUser, caption: str | None, seen: bool
) -> None:
    group = server.group("Friends", [alice])
    server.world.updates.drop_pending()
    await alice.sends(photo=picture(20, 20), caption=caption or "", to=group)
    assert len(server.world.updates.pending) == seen


async def test_replies_and_service_messages_are_seen(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Friends", [alice, bob])
    added, service = await bot.get_updates()
    assert added.my_chat_member is not None
    assert added.my_chat_member.new_chat_member.status == "member"
    assert service.message is not None
    assert service.message.new_chat_members[0].id == bot.id
    photo = await bob.sends(picture(), to=group)
    await bob.sends("nice", reply_to=photo)
    await alice.sends("/classify a, b", reply_to=photo)
    await bot.send_message(group.id, "fox", reply_parameters=ReplyParameters(photo.message_id))
    heard = await bob.hears(reply_to=photo)
    await bob.sends("no, a dog", reply_to=heard)
    command, answer = await bot.get_updates(offset=service.update_id + 1)
    assert command.message is not None
    assert command.message.reply_to_message is not None
    assert command.message.reply_to_message.photo
    assert answer.message is not None
    assert answer.message.text == "no, a dog"


async def test_without_privacy_or_as_administrator_all_is_seen(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    for options in ({"privacy": False}, {"bot_is_admin": True}):
        group = server.group("Friends", [alice], **options)
        server.world.updates.drop_pending()
        await alice.sends("hello", to=group)
        assert len(server.world.updates.pending) == 1


async def test_a_bot_that_was_removed_is_out(
    server: BotApiServer, bot: Bot, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Friends", [alice])
    with pytest.raises(ValueError, match="Bob is not in Friends"):
        await bob.sends("hello", to=group)
    server.removes_bot(group, alice)
    server.world.updates.drop_pending()
    await alice.sends("/start", to=group)
    assert server.world.updates.pending == ()
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "but why")


async def test_topics(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    forum = server.group("Forum", [alice], forum=True)
    topic = server.topic(forum, "Cats", alice)
    photo = await alice.sends(picture(), caption="/classify a, b", to=forum, topic=topic)
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert (message.message_thread_id, message.is_topic_message) == (topic.id, True)
    answer = await bot.send_message(forum.id, "a", message_thread_id=topic.id)
    assert answer.message_thread_id == topic.id
    reply = await bot.send_message(
        forum.id, "a", reply_parameters=ReplyParameters(photo.message_id)
    )
    assert reply.message_thread_id == topic.id
    general = await bot.send_message(forum.id, "a")
    assert general.message_thread_id is None
    for chat_id, thread_id in ((forum.id, 1), (forum.id, 999), (alice.user.id, 999)):
        alice.chat.started = True
        with (
            server.expecting("message thread not found"),
            pytest.raises(BadRequest, match="Message thread not found"),
        ):
            await bot.send_message(chat_id, "a", message_thread_id=thread_id)


async def test_a_reply_in_a_plain_supergroup_has_a_thread_but_no_topic(
    server: BotApiServer, bot: Bot, alice: SimulatedUser
) -> None:
    group = server.group("Friends", [alice])
    photo = await alice.sends(picture(), to=group)
    await alice.sends("/classify a", reply_to=photo)
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert (message.message_thread_id, message.is_topic_message) == (photo.message_id, None)
    assert await bot.send_message(group.id, "a", message_thread_id=photo.message_id)
