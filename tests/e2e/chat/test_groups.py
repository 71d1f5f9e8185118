"""Groups in privacy mode, forum topics, anonymous admins."""

import pytest

from clipbot_playground.botapi.model.chats import Chat
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture


@pytest.mark.parametrize(
    "caption", ["/classify a dog, a cat", "/classify@clip_test_bot a dog, a cat"]
)
async def test_classify_as_a_caption(group: Chat, alice: SimulatedUser, caption: str) -> None:
    photo = await alice.sends(picture(), caption=caption, to=group)
    answer = await alice.hears(reply_to=photo)
    assert answer.photo
    assert "a dog" in (answer.caption or "")
    assert "clip_test_bot" not in (answer.caption or "")


@pytest.mark.parametrize(
    "text", ["/classify a dog, a cat", "/classify@CLIP_test_bot a dog; a cat", "/CLASSIFY a\nb"]
)
async def test_classify_as_a_reply_to_anybodys_photo(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser, text: str
) -> None:
    photo = await bob.sends(picture(), to=group)
    command = await alice.sends(text, reply_to=photo)
    answer = await alice.hears(reply_to=command)
    assert answer.photo
    assert group.replies_to(photo) == []


async def test_classify_alone_uses_the_senders_labels(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    await alice.hears(reply_to=await alice.sends("/labels a dog, a cat", to=group))
    photo = await bob.sends(picture(), to=group)
    command = await alice.sends("/classify", reply_to=photo)
    assert "a dog" in ((await alice.hears(reply_to=command)).caption or "")
    captioned = await alice.sends(picture(), caption="/classify", to=group)
    assert "a dog" in ((await alice.hears(reply_to=captioned)).caption or "")


async def test_classify_alone_without_labels_asks_only_its_sender(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    photo = await bob.sends(picture(), to=group)
    command = await alice.sends("/classify", reply_to=photo)
    question = await alice.hears(reply_to=command)
    assert question.force_reply
    reply = await alice.sends("a dog, a cat", reply_to=question)
    assert (await alice.hears(reply_to=reply)).photo


async def test_a_group_is_greeted_with_what_works_in_groups(
    group: Chat, alice: SimulatedUser
) -> None:
    greeting = await alice.hears(chat=group)
    assert not greeting.reply_to
    lines = (greeting.text or "").splitlines()
    assert len([line for line in lines if line and "demo model" not in line]) == 3
    assert "/classify a dog, a cat" in lines[1]
    start = await alice.sends("/start@clip_test_bot", to=group)
    assert (await alice.hears(reply_to=start)).text == greeting.text
    told = (await alice.hears(reply_to=await alice.sends("/help", to=group))).text or ""
    assert "Reply to a picture with /classify a dog, a cat" in told
    assert "/hunt a red thing" in told
    assert "Send a photo" not in told


async def test_a_group_is_greeted_once_in_the_language_of_who_added_the_bot(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    carmen = server.person("Carmen", "es")
    group = server.group("Amigos", [carmen, alice])
    assert ((await carmen.hears(chat=group)).text or "").startswith("¡Hola! 👋")
    server.removes_bot(group, alice)
    server.adds_bot(group, alice)
    await alice.hears(reply_to=await alice.sends("/labels", to=group))
    ours = [message for message in group.messages.values() if message.sender.is_bot]
    assert len(ours) == 2


async def test_the_bot_ignores_everything_else_in_a_group(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    untouched = [
        await bob.sends(picture(), to=group),
        await bob.sends(picture(), caption="a dog, a cat", to=group),
        await bob.sends("hello everybody", to=group),
        await bob.sends(picture(), caption="/classify@other_bot a, b", to=group),
        await bob.sends("/frobnicate", to=group),
        await bob.sends("/start@other_bot", to=group),
        await bob.sends(picture(), caption="/frobnicate a, b", to=group),
    ]
    last = await bob.sends(picture(), caption="/classify a, b", to=group)
    chart = await bob.hears(reply_to=last)
    # A reply to the bot's answer is not always meant for the bot.
    remark = await bob.sends("nice, isn't it", reply_to=chart)
    phrases = await bob.sends("a moon, a sun", to=group)
    command = await bob.sends("/classify@other_bot a, b", reply_to=chart)
    end = await bob.sends("/labels", to=group)
    await bob.hears(reply_to=end)
    untouched += [remark, phrases, command]
    assert [reply for message in untouched for reply in group.replies_to(message)] == []
    assert group.actions == []


async def test_without_privacy_mode_the_bot_is_just_as_quiet(
    server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    group = server.group("Open", [alice, bob], privacy=False)
    untouched = [
        await bob.sends(picture(), to=group),
        await bob.sends(picture(), caption="a dog, a cat", to=group),
        await bob.sends("hello", to=group),
        *await bob.sends(album=[picture(), picture(colour="blue")], caption="a, b", to=group),
    ]
    await bob.hears(reply_to=await bob.sends("/labels", to=group))
    album = await bob.sends(
        album=[picture(), picture(colour="blue")], caption="/classify a, b", to=group
    )
    await bob.hears(reply_to=album)  # its answer comes after that of the album
    assert [reply for message in untouched for reply in group.replies_to(message)] == []


async def test_an_edited_caption_in_a_group(group: Chat, alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="/classify a dog, a cat", to=group)
    answer = await alice.hears(reply_to=photo)
    await alice.edits(photo, caption="/classify a house, a boat")
    await alice.hears(edit_of=answer)
    assert "a dog" not in (answer.caption or "")
    assert group.replies_to(photo) == [answer]


async def test_an_edited_command_in_a_group(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    photo = await bob.sends(picture(), to=group)
    command = await alice.sends("/classify a dog, a cat", reply_to=photo)
    answer = await alice.hears(reply_to=command)
    await alice.edits(command, "/classify a house, a boat")
    await alice.hears(edit_of=answer)
    assert "a dog" not in (answer.caption or "")


async def test_a_basic_group(server: BotApiServer, alice: SimulatedUser) -> None:
    group = server.group("Small", [alice], supergroup=False)
    photo = await alice.sends(picture(), caption="/classify a, b", to=group)
    assert (await alice.hears(reply_to=photo)).photo


async def test_answers_stay_in_their_topic(server: BotApiServer, alice: SimulatedUser) -> None:
    forum = server.group("Forum", [alice], forum=True)
    topic = server.topic(forum, "Cats", alice)
    photo = await alice.sends(picture(), caption="/classify a, b", to=forum, topic=topic)
    assert (await alice.hears(reply_to=photo)).thread_id == topic.id
    command = await alice.sends("/classify", reply_to=photo, topic=topic)
    assert (await alice.hears(reply_to=command)).thread_id == topic.id
    general = await alice.sends(picture(), caption="/classify a, b", to=forum)
    assert (await alice.hears(reply_to=general)).thread_id is None


async def test_a_group_that_forbids_photos_is_answered_in_words(
    server: BotApiServer, group: Chat, alice: SimulatedUser
) -> None:
    server.forbids(group, "photos")
    photo = await alice.sends(picture(), caption="/classify a dog, a cat, a tree", to=group)
    with server.expecting("not enough rights to send photos"):
        answer = await alice.hears(reply_to=photo)
    assert answer.photo is None
    assert all(label in (answer.text or "") for label in ("a dog", "a cat", "a tree"))
    server.forbids(group)
    await alice.edits(photo, caption="/classify a house, a boat")
    await alice.hears(edit_of=answer)
    assert answer.photo


async def test_a_topic_may_be_deleted_while_its_picture_waits(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    forum = server.group("Forum", [alice], forum=True)
    topic = server.topic(forum, "Cats", alice)
    with server.expecting("message thread not found"):
        await alice.sends(picture(), caption="/classify a, b", to=forum, topic=topic)
        server.deletes_topic(forum, topic)
        answer = await alice.hears(chat=forum, matching=lambda message: bool(message.photo))
    assert answer.photo
    assert answer.thread_id is None


async def test_a_reply_thread_of_a_supergroup_is_not_a_topic(
    group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    photo = await bob.sends(picture(), to=group)
    command = await alice.sends("/classify a, b", reply_to=photo)
    chart = await alice.hears(reply_to=command)
    again = await alice.sends("/classify c, d", reply_to=chart)
    assert (await alice.hears(reply_to=again)).photo


async def test_a_group_that_removes_the_bot_disturbs_no_other(
    server: BotApiServer, group: Chat, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    await alice.sends(picture(), caption="/classify a, b", to=group)
    server.removes_bot(group, alice)
    photo = await bob.sends(picture(), caption="a, b")
    assert (await bob.hears(reply_to=photo)).photo
