"""A photo with phrases, its chart, and what people do with the chart."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from clipbot_playground.botapi.model.entities import typed
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture, sides


async def test_a_photo_with_a_caption_gets_one_chart(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat, a tree")
    answer = await alice.hears(reply_to=photo)
    winner, runner_up = (answer.caption or "").splitlines()[:2]
    assert winner.startswith("🏆 ")
    assert runner_up.startswith("🥈 ")
    assert winner.endswith(" %")
    (bold,) = [entity for entity in answer.entities if entity.type == "bold"]
    assert bold.offset == 3
    assert answer.photo
    assert sides(answer.photo)[0] >= 1_000
    assert [action.action for action in alice.chat.actions] == ["upload_photo"]
    await alice.sends("/cancel")
    await alice.hears()
    assert alice.chat.replies_to(photo) == [answer]


@pytest.mark.parametrize(
    ("caption", "labels"),
    [
        ("is it a dog or a cat?", {"a dog", "a cat"}),
        ("¿perro o gato?", {"perro", "gato"}),
        ("- dog\n- cat", {"dog", "cat"}),
    ],
)
async def test_phrases_need_no_commas_and_the_answer_shows_which_were_understood(
    server: BotApiServer, alice: SimulatedUser, caption: str, labels: set[str]
) -> None:
    photo = await alice.sends(picture(), caption=caption)
    answer = await alice.hears(reply_to=photo)
    first_two = (answer.caption or "").splitlines()[:2]
    assert {line[2:].partition(" · ")[0] for line in first_two} == labels


async def test_the_label_that_fits_wins(
    server: BotApiServer, alice: SimulatedUser, has_demo: bool
) -> None:
    if not has_demo:
        pytest.skip("the bundled model is not there yet")
    photo = await alice.sends(
        _drawn("square", "blue"), caption="a red circle, a blue square, a yellow star"
    )
    answer = await alice.hears(reply_to=photo)
    assert (answer.caption or "").startswith("🏆 a blue square · ")


def _drawn(shape: str, colour: str) -> bytes:
    from PIL import ImageDraw

    image = Image.new("RGB", (320, 320), "white")
    draw = ImageDraw.Draw(image)
    {"square": draw.rectangle, "circle": draw.ellipse}[shape]((80, 80, 240, 240), fill=colour)
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


async def test_the_smallest_sufficient_size_is_fetched(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo = await alice.sends(picture(1_280, 960), caption="a, b")
    await alice.hears(reply_to=photo)
    asked = server.calls_of("getFile")[-1].parameters["file_id"]
    sizes = photo.to_json()["photo"]
    # No model of these tests takes more than 224 pixels, so 320×240 is enough.
    (fetched,) = [size for size in sizes if size["file_id"] == asked]
    assert fetched["width"] < 1_280


@pytest.mark.parametrize(
    ("caption", "labels"),
    [
        ("a cat; a dog", ["a cat", "a dog"]),
        ("a cat\na dog\n\n", ["a cat", "a dog"]),
        ("猫，犬、木", ["猫", "犬", "木"]),
        ("قطة، كلب؛ شجرة", ["قطة", "كلب", "شجرة"]),
        ('"salt, pepper", sugar', ["salt, pepper", "sugar"]),
        ("Cat, cat, CAT, dog", ["Cat", "dog"]),
        (",, a cat ,; ,a dog,", ["a cat", "a dog"]),
        ("<b>bold</b>, $x_1$, 100 % & more", ["<b>bold</b>", "$x_1$", "100 % & more"]),
        ("🐈, 🐕", ["🐈", "🐕"]),
    ],
)
async def test_phrases_are_shown_as_they_were_typed(
    alice: SimulatedUser, caption: str, labels: list[str]
) -> None:
    photo = await alice.sends(picture(), caption=caption)
    lines = ((await alice.hears(reply_to=photo)).caption or "").splitlines()
    shown = [line[2:].rpartition(" · ")[0].strip("\u2068\u2069") for line in lines[:2]]
    assert set(shown) <= set(labels)
    assert len(set(shown)) == 2


async def test_a_single_phrase_is_compared_with_something_else(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="a cat")
    caption = (await alice.hears(reply_to=photo)).caption or ""
    assert "a cat" in caption
    assert "something else" in caption


@pytest.mark.parametrize(
    ("caption", "sentence"),
    [
        (
            ", ".join(f"thing {n}" for n in range(120)),
            "Those are 120 phrases, but the limit is 50.",
        ),
        ("a cat, " + "x" * 101, "has 101 characters, but the limit is 100."),
        (" ,; ,, ", "Which phrases should I compare it with?"),
    ],
)
async def test_phrases_that_cannot_be_used_are_refused(
    alice: SimulatedUser, caption: str, sentence: str
) -> None:
    photo = await alice.sends(picture(), caption=caption)
    answer = await alice.hears(reply_to=photo)
    assert sentence in (answer.text or "")


async def test_an_edited_caption_edits_the_answer(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    answer = await alice.hears(reply_to=photo)
    await alice.edits(photo, caption="a house, a boat")
    await alice.hears(edit_of=answer)
    assert {"house", "boat"} & set((answer.caption or "").split())
    assert alice.chat.replies_to(photo) == [answer]


async def test_an_edit_without_a_change_does_nothing(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    answer = await alice.hears(reply_to=photo)
    await alice.edits(photo, caption="a dog , a cat")
    await alice.sends("/labels")  # one person's messages are handled in order
    await alice.hears()
    assert alice.chat.replies_to(photo) == [answer]
    assert not answer.edited


async def test_an_edit_without_a_change_keeps_the_labels_of_then(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    await alice.hears(reply_to=await alice.sends("/labels a dog, a cat"))
    photo = await alice.sends(picture())
    answer = await alice.hears(reply_to=photo)
    await alice.hears(reply_to=await alice.sends("/labels a moon, a sun"))
    await alice.hears(reply_to=await alice.sends("/template a photo of {}"))
    server.world.edit(photo, photo.content)  # as Telegram does at the first reaction
    photo.date -= 3 * 24 * 3_600
    server.world.edit(photo, replace(photo.content, words=typed("a house, a boat")))
    last = await alice.sends(picture())  # its answer comes after those to the edit
    await alice.hears(reply_to=last)
    assert alice.chat.replies_to(photo) == [answer]
    assert not answer.edited


async def test_a_chart_is_not_a_picture_once_its_own_is_forgotten(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    chart = await alice.hears(reply_to=photo)
    page = await alice.hears(reply_to=await alice.sends("/privacy"))
    await alice.presses(page, page.keyboard[0].text)
    for text in ("a moon, a sun", "/classify a moon, a sun"):
        reply = await alice.sends(text, reply_to=chart)
        assert "no longer know that picture" in ((await alice.hears(reply_to=reply)).text or "")


async def test_a_caption_corrected_after_a_refusal_turns_it_into_a_chart(
    alice: SimulatedUser,
) -> None:
    photo = await alice.sends(picture(), caption="x" * 101)
    refusal = await alice.hears(reply_to=photo)
    await alice.edits(photo, caption="a dog, a cat")
    await alice.hears(edit_of=refusal)
    assert refusal.photo
    assert alice.chat.replies_to(photo) == [refusal]


async def test_another_photo_in_the_same_message(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(colour="red"), caption="a dog, a cat, a tree")
    answer = await alice.hears(reply_to=photo)
    await alice.edits(photo, photo=picture(colour="blue"))
    await alice.hears(edit_of=answer)
    assert alice.chat.replies_to(photo) == [answer]


async def test_a_reply_to_any_photo_with_phrases(alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    await alice.hears(reply_to=photo)
    reply = await alice.sends("a house, a boat", reply_to=photo)
    answer = await alice.hears(reply_to=reply)
    assert answer.photo


async def test_a_reply_to_the_chart_sorts_the_original_photo_again(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    chart = await alice.hears(reply_to=photo)
    fetched = server.calls_of("getFile")[-1].parameters["file_id"]
    reply = await alice.sends("a house, a boat", reply_to=chart)
    answer = await alice.hears(reply_to=reply)
    assert answer.photo
    assert server.calls_of("getFile")[-1].parameters["file_id"] == fetched


async def test_a_deleted_question_is_still_answered(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    alice.deletes(photo)
    answer = await alice.hears(matching=lambda message: message.photo is not None)
    assert answer.caption


async def test_a_deleted_answer_is_sent_again(server: BotApiServer, alice: SimulatedUser) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    first = await alice.hears(reply_to=photo)
    alice.deletes(first)
    with server.expecting("message to edit not found"):
        await alice.edits(photo, caption="a house, a boat")
        second = await alice.hears(reply_to=photo)
    assert second.photo


async def test_a_person_who_blocks_the_bot_disturbs_nobody(
    server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser
) -> None:
    await alice.sends(picture(), caption="a dog, a cat")
    alice.blocks()
    photo = await bob.sends(picture(), caption="a dog, a cat")
    assert (await bob.hears(reply_to=photo)).photo
