"""A photo without phrases: the bot asks for them, and takes the answer."""

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture


async def test_the_answer_to_the_question_sorts_the_photo(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture())
    question = await alice.hears(reply_to=photo)
    assert question.force_reply
    assert "Which phrases" in (question.text or "")
    reply = await alice.sends("a dog, a cat", reply_to=question)
    answer = await alice.hears(reply_to=reply)
    assert answer.photo


async def test_a_plain_text_answers_an_open_question(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture())
    await alice.hears(reply_to=photo)
    text = await alice.sends("a dog, a cat")
    assert (await alice.hears(reply_to=text)).photo
    again = await alice.sends("a moon, a sun")  # is still about that photo
    assert "moon" in ((await alice.hears(reply_to=again)).caption or "")


async def test_an_edited_answer_to_the_question_edits_the_chart(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture())
    await alice.hears(reply_to=photo)
    text = await alice.sends("a dog, a cat")
    chart = await alice.hears(reply_to=text)
    await alice.edits(text, "a house, a boat")
    await alice.hears(edit_of=chart)
    assert {"house", "boat"} & set((chart.caption or "").split())


async def test_cancel_forgets_the_question(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture())
    await alice.hears(reply_to=photo)
    cancel = await alice.sends("/cancel")
    assert "Forgotten" in ((await alice.hears(reply_to=cancel)).text or "")
    text = await alice.sends("a dog, a cat")
    assert "I look at pictures." in ((await alice.hears(reply_to=text)).text or "")
    again = await alice.sends("/cancel")
    assert "nothing to cancel" in ((await alice.hears(reply_to=again)).text or "")


async def test_a_caption_added_later_answers_the_question(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture())
    question = await alice.hears(reply_to=photo)
    await alice.edits(photo, caption="a dog, a cat")
    await alice.hears(edit_of=question)
    assert question.photo
    assert alice.chat.replies_to(photo) == [question]


async def test_an_unusable_answer_leaves_the_question_open(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture())
    question = await alice.hears(reply_to=photo)
    reply = await alice.sends(";;", reply_to=question)
    assert "no phrases" in ((await alice.hears(reply_to=reply)).text or "")
    better = await alice.sends("a dog, a cat", reply_to=question)
    assert (await alice.hears(reply_to=better)).photo


async def test_text_alone_gets_a_hint(alice: SimulatedUser) -> None:
    text = await alice.sends("hello there")
    assert "I look at pictures." in ((await alice.hears(reply_to=text)).text or "")


async def test_a_message_without_a_picture_gets_a_hint(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    voice = await alice.sends(voice=b"OggS")
    assert "I look at pictures." in ((await alice.hears(reply_to=voice)).text or "")
    place = await alice.sends(location=(48.2, 16.4))
    assert "I look at pictures." in ((await alice.hears(reply_to=place)).text or "")
    film = await alice.sends(video=b"mp4", caption="a dog, a cat")
    assert "moving pictures" in ((await alice.hears(reply_to=film)).text or "")
