"""Inline mode: what is offered, and what happens once it is said in a chat."""

from bot.chat.label_sets.texts import set_texts
from bot.i18n.lengths import shown, units
from bot.platform.incoming import Author, InlineQuery
from bot.platform.ports import InlineResult
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, GROUP, message, picture

CARMEN = Author(8, "Carmen", language="es")


async def offers(chat: PrivateChat, text: str, author: Author = ALICE) -> list[InlineResult]:
    await chat.hears(InlineQuery(author, text))
    return chat.platform.choices


async def asked(chat: PrivateChat) -> list[list[str]]:
    return [job.labels for job in await chat.jobs()]


async def test_what_is_typed_is_offered_first(chat: PrivateChat) -> None:
    first, *others = await offers(chat, "dog, cat")
    assert (first.title, first.description) == ("Sort my next photo here by these", "dog, cat")
    assert "\ndog · cat\n" in first.text
    assert "https://t.me/clipbot?start=inline" in first.text
    assert others[0].title == "🏷 animals"
    assert len({one.id for one in chat.platform.choices}) == len(chat.platform.choices) <= 50


async def test_own_sets_come_before_ready_made_ones(chat: PrivateChat) -> None:
    await chat.store.save_label_set(7, "food", "Food", ["a pizza", "a taco"], limit=20)
    titles = [one.title for one in await offers(chat, "")]
    assert titles[:2] == ["🏷 Food", "🏷 animals"]
    assert "🏷 food" not in titles
    titles = [one.title for one in await offers(chat, "wea")]
    assert titles[:3] == ["Sort my next photo here by these", "🏷 weather", "🏷 Food"]
    assert (await offers(chat, "#food"))[0].description == "a pizza, a taco"


async def test_it_is_offered_in_the_persons_language(chat: PrivateChat) -> None:
    first, second, *_ = await offers(chat, "un perro", CARMEN)
    assert first.title == "Comparar mi próxima foto aquí con estas"
    assert second.description.startswith("un perro, un gato")


async def test_a_long_set_is_described_by_whole_labels(chat: PrivateChat) -> None:
    (animals,) = [one for one in await offers(chat, "") if one.title == "🏷 animals"]
    assert animals.description == "a dog, a cat, a horse, a cow, a pig, a sheep … and 14 more"
    await chat.store.save_label_set(7, "one", "one", ["<b> & " + "x" * 60], limit=20)
    (one,) = [one for one in await offers(chat, "") if one.title == "🏷 one"]
    assert one.description.startswith("<b> & xxx")  # plain text, without HTML's escapes


async def test_what_can_not_be_labels_is_not_offered(chat: PrivateChat) -> None:
    for text in ("", " , ", "x" * 101, ", ".join(map(str, range(21))), "#unknown"):
        assert (await offers(chat, text))[0].title == "🏷 animals"


async def test_a_set_too_long_for_a_message_is_not_offered(chat: PrivateChat) -> None:
    chat.has_limit(50)
    labels = [f"{number:02}" + "🐶" * 98 for number in range(50)]
    await chat.store.save_label_set(7, "long", "long", labels, limit=20)
    found = await offers(chat, "long")
    assert "🏷 long" not in [one.title for one in found]
    assert all(units(one.text) <= chat.platform.text_limit for one in found)


async def test_a_choice_in_private_is_for_the_next_photo(chat: PrivateChat) -> None:
    said = (await offers(chat, "a dog, a · b, a cat"))[0].text
    for _ in range(2):  # the second one as after a crash
        await chat.text(1, said, is_ours=True)
    assert "within 15 minutes, is sorted by: a dog, a b, a cat" in chat.sentences[-1]
    await chat.photo(2)
    await chat.photo(3)
    assert await asked(chat) == [["a dog", "a b", "a cat"]]


async def test_a_choice_in_a_group_asks_for_the_photo(chat: PrivateChat) -> None:
    said = (await offers(chat, "animales", CARMEN))[1].text
    await chat.hears(message(1, said, topic=GROUP, author=CARMEN, is_ours=True))
    assert chat.platform.said[-1][0] == "question"
    assert "como respuesta a este mensaje" in chat.sentences[-1]
    await chat.hears(message(2, "", picture(), topic=GROUP))
    await chat.hears(message(3, "", picture(), topic=GROUP, author=CARMEN))
    (labels,) = await asked(chat)
    assert labels[:2] == ["un perro", "un gato"]


async def test_only_what_came_by_way_of_the_bot_is_a_choice(chat: PrivateChat) -> None:
    said = (await offers(chat, "dog, cat"))[0].text
    await chat.hears(message(1, said, topic=GROUP))
    await chat.hears(message(2, "🤔", topic=GROUP, is_ours=True))
    await chat.hears(message(3, "🤔 hm\n · \n", topic=GROUP, is_ours=True))
    await chat.hears(message(4, said, topic=GROUP, is_ours=True, revision=5))
    assert chat.sentences == []
    assert await chat.store.next_labels(-100, 7, 9, message().sent_at.timestamp()) == ()


async def test_other_messages_of_ours_that_are_forwarded_are_no_choices(chat: PrivateChat) -> None:
    await chat.store.save_label_set(7, "pets", "pets", ["a dog", "a cat"], limit=20)
    (one,) = await chat.store.label_sets(7)
    for text in ("/labels", "/labels pets", "/labels share pets", f"/start set_{one.tag}"):
        await chat.text(1, text)
    for language in ("en", "es"):
        texts = set_texts(language)
        said = [texts.card(one, in_group=False), texts.preview(one), *chat.sentences]
        for number, text in enumerate(said, 10):
            await chat.hears(message(number, shown(text), topic=GROUP, is_ours=True))
    assert await chat.store.next_labels(-100, 7, 99, message().sent_at.timestamp()) == ()


async def test_a_forged_choice_is_cut_to_what_is_allowed(chat: PrivateChat) -> None:
    labels = ["x" * 5_000, *(f"label {number}" for number in range(100)), "LABEL 1"]
    await chat.text(1, "🤔 x\n" + " · ".join(labels), is_ours=True)
    await chat.photo(2)
    (got,) = await asked(chat)
    assert (len(got), len(got[0])) == (20, 100)
