"""`/privacy`: a person gets all that is stored about them as a file, and nobody else does."""

import json
from dataclasses import replace

import pytest

from bot.platform.incoming import ButtonPress
from bot.platform.ports import PicturesNotAllowed, RetryLater, TargetGone
from bot.storage.personal_data import PERSONAL
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, GROUP, PRIVATE, ours
from tests.bot.scripted import ScriptedPlatform

PAGE = ours(9, "What is stored", "forget-me", "my-data")
PRESS = ButtonPress("1", ALICE, "my-data", PRIVATE, PAGE.ref, PAGE)


async def test_the_file_has_everything_under_names_that_people_read(
    chat: PrivateChat, platform: ScriptedPlatform
) -> None:
    await chat.text(1, "/labels a dog, a cat")
    await chat.photo(2, "a fox, a cow")
    await chat.text(3, "/privacy")
    assert [button.data for (button,) in platform.buttons] == ["forget-me", "my-data"]
    await chat.hears(PRESS)
    kind, ref, caption = platform.said[-1]
    assert (kind, ref) == ("file", PAGE.ref)
    assert caption == "Everything that I store about you. Times are in UTC."
    file = json.loads(platform.files["my-data.json"])
    assert file["user_id"] == 7
    assert file["made_at"].endswith("+00:00")
    assert file["preferences"][0]["labels"] == ["a dog", "a cat"]
    assert file["asked_by_you"][0]["labels"] == ["a fox", "a cow"]
    assert file["running_games"] == [{"game": "duel", "yours": [7]}]
    assert file["only_the_newest"] == []
    assert {one.name for one in PERSONAL} <= set(file)
    assert platform.toasts == [""]


async def test_in_a_group_nothing_is_shown(chat: PrivateChat, platform: ScriptedPlatform) -> None:
    await chat.text(1, "/privacy", topic=GROUP)
    assert platform.buttons == ()
    await chat.hears(replace(PRESS, topic=GROUP))  # forged
    assert platform.files == {}
    assert platform.toasts == ["Ask me in a private chat: /privacy"]


async def test_an_old_button_says_what_to_do(chat: PrivateChat, platform: ScriptedPlatform) -> None:
    await chat.hears(ButtonPress("1", ALICE, "my-data"))
    assert platform.files == {}
    assert platform.toasts == ["That was too long ago. Send /privacy again."]


async def test_a_press_that_waited_for_long_still_gets_its_file(
    chat: PrivateChat, platform: ScriptedPlatform
) -> None:
    platform.faults["answer_press"] = [TargetGone("query is too old")]
    await chat.hears(PRESS)
    assert list(platform.files) == ["my-data.json"]


async def test_where_no_files_are_taken_the_person_is_told(
    chat: PrivateChat, platform: ScriptedPlatform
) -> None:
    platform.faults["send_file"] = [PicturesNotAllowed("no documents")]
    await chat.hears(PRESS)
    assert chat.sentences == ["I can't send files here. Please ask the person who runs this bot."]


@pytest.mark.parametrize("error", [RetryLater("away"), TargetGone("blocked")])
async def test_what_the_platform_refuses_is_told_to_the_inbox(
    chat: PrivateChat, platform: ScriptedPlatform, error: Exception
) -> None:
    platform.faults["send_file"] = [error]
    with pytest.raises(type(error)):
        await chat.hears(PRESS)
    await chat.hears(PRESS)
    assert list(platform.files) == ["my-data.json"]
