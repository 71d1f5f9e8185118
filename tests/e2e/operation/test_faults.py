"""Faults of Telegram: flood limits, broken gateways, lost connections."""

from typing import Any

import pytest

from clipbot_playground.botapi.model.chats import Message
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.e2e.conftest import Start
from tests.playground.botapi.pictures import picture

BAD_DAYS: list[Any] = [
    pytest.param({"status": 429, "retry_after": 1}, id="429"),
    pytest.param({"status": 500}, id="500"),
    pytest.param({"status": 502}, id="502"),
    pytest.param({"drop": "before"}, id="dropped before"),
]


@pytest.mark.parametrize("fault", BAD_DAYS)
async def test_everybody_is_answered_once_in_spite_of_faults(
    server: BotApiServer, alice: SimulatedUser, bob: SimulatedUser, fault: dict[str, Any]
) -> None:
    photo = await alice.sends(picture(), caption="a dog, a cat")
    chart = await alice.hears(reply_to=photo)
    for method in (
        *("getUpdates", "getFile", "file", "sendChatAction"),
        *("sendPhoto", "sendMessage", "editMessageMedia"),
    ):
        server.faults.next(method, **fault)
    await alice.edits(photo, caption="a house, a boat")
    asks = await bob.sends(picture())
    again = await alice.sends(picture(), caption="a dog, a cat")

    await alice.hears(edit_of=chart)
    question = await bob.hears(reply_to=asks)
    answer = await alice.hears(reply_to=again)
    assert alice.chat.replies_to(photo) == [chart]
    assert bob.chat.replies_to(asks) == [question]
    assert alice.chat.replies_to(again) == [answer]


async def test_a_reply_that_arrived_before_the_connection_broke_repeats_at_most_once(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    server.faults.next("sendPhoto", drop="after")
    photo = await alice.sends(picture(), caption="a dog, a cat")
    await alice.hears(reply_to=photo)

    def answers() -> list[Message]:
        return alice.chat.replies_to(photo)

    await server.until(lambda: len(answers()) == 2)
    await alice.hears(reply_to=await alice.sends("/cancel"))
    assert len(answers()) == 2


async def test_a_long_flood_wait_is_kept(server: BotApiServer, alice: SimulatedUser) -> None:
    server.faults.next("sendPhoto", status=429, retry_after=2, times=4)
    photo = await alice.sends(picture(), caption="a dog, a cat")
    # Meanwhile she may be told her place in the queue; the chart takes its place.
    await alice.hears(reply_to=photo, matching=lambda answer: bool(answer.photo), within=40)
    assert len(alice.chat.replies_to(photo)) == 1


async def test_a_file_that_telegram_no_longer_has(
    server: BotApiServer, alice: SimulatedUser
) -> None:
    photo = await alice.sends(picture())
    question = await alice.hears(reply_to=photo)
    server.world.files._sent.clear()
    with server.expecting("invalid file_id"):
        reply = await alice.sends("a dog, a cat", reply_to=question)
        answer = await alice.hears(reply_to=reply)
    assert "no longer has that picture" in (answer.text or "")


async def test_the_bot_starts_in_spite_of_faults(own_server: BotApiServer, start: Start) -> None:
    for fault in BAD_DAYS:
        own_server.faults.next("getMe", **fault.values[0])
    for method in ("deleteWebhook", "setMyCommands", "getUpdates"):
        own_server.faults.next(method, status=502)
    dora = own_server.person("Dora")
    photo = await dora.sends(picture(), caption="a dog, a cat")
    async with start():
        assert (await dora.hears(reply_to=photo, within=60)).photo
