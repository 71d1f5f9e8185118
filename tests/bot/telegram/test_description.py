"""What people see of the bot before they write to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram.constants import BotDescriptionLimit
from telegram.ext import ExtBot

from bot.i18n import languages, speak
from bot.i18n.languages import SOURCE_LANGUAGE
from bot.i18n.lengths import units
from bot.telegram import description
from bot.telegram.connection import set_up_profile
from bot.telegram.description import describe, is_ours
from bot.telegram.request import AiohttpRequest
from clipbot_playground.botapi.server import BotApiServer
from inference.protocol import tasks

SETTING = ("setMyDescription", "setMyShortDescription", "setMyName")
TEXTS = 2 * len(languages())


@pytest.fixture
async def bot(bot_api_server: BotApiServer) -> AsyncIterator[ExtBot[None]]:
    root = bot_api_server.url
    requests = [AiohttpRequest(root, 4) for _ in range(2)]
    async with ExtBot(
        bot_api_server.token, f"{root}/bot", request=requests[0], get_updates_request=requests[1]
    ) as bot:
        yield bot


@pytest.mark.parametrize("language", languages())
def test_descriptions_fit_the_limits_of_telegram(language: str) -> None:
    sentences = speak(language)
    longest = int(BotDescriptionLimit.MAX_DESCRIPTION_LENGTH)
    assert 100 < units(sentences.description()) <= longest == 512
    shortest = int(BotDescriptionLimit.MAX_SHORT_DESCRIPTION_LENGTH)
    assert 40 < units(sentences.short_description()) <= shortest == 120
    assert "<" not in sentences.description() + sentences.short_description()


async def test_each_person_reads_what_the_bot_can_do_in_their_language(
    bot_api_server: BotApiServer, bot: ExtBot[None]
) -> None:
    task = asyncio.create_task(set_up_profile(bot))
    await bot_api_server.until(lambda: len(bot_api_server.calls_of(*SETTING)) == TEXTS)
    for language, spoken in (("en", "en"), ("es", "es"), ("es-MX", "es"), ("de", "en")):
        person = bot_api_server.person("Somebody", language)
        assert person.sees_description() == speak(spoken).description()
    about = bot_api_server.world.short_descriptions
    assert about == {
        "" if language == SOURCE_LANGUAGE else language: speak(language).short_description()
        for language in languages()
    }
    assert bot_api_server.calls_of("setMyName") == []
    await tasks.end(task)


async def test_texts_that_are_right_are_not_set_again(
    bot_api_server: BotApiServer, bot: ExtBot[None]
) -> None:
    await describe(bot)
    await describe(bot)
    assert len(bot_api_server.calls_of(*SETTING)) == TEXTS
    world = bot_api_server.world
    world.descriptions["es"] = world.descriptions[""]  # as where only English was set
    await describe(bot)
    assert len(bot_api_server.calls_of(*SETTING)) == TEXTS + 1
    assert world.descriptions["es"] == speak("es").description()


@pytest.mark.parametrize("language", languages())
def test_todays_texts_are_known_as_ours(language: str) -> None:
    assert is_ours(speak(language).description())
    assert is_ours(speak(language).short_description())


def test_texts_of_a_release_stay_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    # Did you reword one? Then add the digest of the new text as well; the old ones stay.
    released = [
        text
        for language in ("en", "es")
        for text in (speak(language).description(), speak(language).short_description())
    ]
    monkeypatch.setattr(description, "languages", dict)  # a later release: no text is as it was
    assert all(is_ours(text) for text in released)
    assert not is_ours("Our club's own bot.")


async def test_texts_of_the_owner_stay(bot_api_server: BotApiServer, bot: ExtBot[None]) -> None:
    world = bot_api_server.world
    world.descriptions[""] = "Our club's own bot."  # shown to people whose language has no text
    world.descriptions["es"] = speak("es").description()  # ours, from before the owner wrote one
    world.short_descriptions["es"] = "El bot de nuestro club."
    await describe(bot)
    assert world.descriptions == {"": "Our club's own bot."}
    assert world.short_descriptions[""] == speak("en").short_description()
    assert world.short_descriptions["es"] == "El bot de nuestro club."


@pytest.mark.parametrize("status", [400, 404])
async def test_a_server_without_descriptions_is_asked_once(
    bot_api_server: BotApiServer,
    bot: ExtBot[None],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    bot_api_server.faults.next("getMyDescription", status=status)
    await describe(bot)
    assert [call.status for call in bot_api_server.calls if "Desc" in call.method] == [status]
    assert "can't be set" in caplog.text
