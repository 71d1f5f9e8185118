"""Who is an admin of a group, as far as Telegram tells."""

from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, TimedOut

from bot.platform.ports import RetryLater
from bot.telegram.admins import Admins
from bot.telegram.connection import MessageRateLimiter

GROUP = -100


class ScriptedBot:
    """Knows one admin; what is put into `faults` is raised, one at each call."""

    def __init__(self) -> None:
        self.asked = 0
        self.faults: list[Exception] = []

    async def get_chat_administrators(self, chat_id: int) -> tuple[Any, ...]:
        self.asked += 1
        if self.faults:
            raise self.faults.pop(0)
        return (SimpleNamespace(user=SimpleNamespace(id=7)),)


@pytest.fixture
def bot() -> ScriptedBot:
    return ScriptedBot()


@pytest.fixture
def admins(bot: ScriptedBot) -> Admins:
    return Admins(bot)  # type: ignore[arg-type]


async def test_admins_are_asked_for_once_a_minute(bot: ScriptedBot, admins: Admins) -> None:
    assert await admins.has(GROUP, 7)
    assert not await admins.has(GROUP, 8)
    assert not await admins.has(GROUP, -1_001)  # somebody who speaks as a channel
    assert bot.asked == 1


async def test_nobody_needs_to_be_asked_about_the_group_itself(
    bot: ScriptedBot, admins: Admins
) -> None:
    assert await admins.has(GROUP, GROUP)
    assert bot.asked == 0


@pytest.mark.parametrize("fault", [BadRequest("CHAT_ADMIN_REQUIRED"), Forbidden("kicked")])
async def test_where_telegram_refuses_to_tell_nobody_is_an_admin(
    bot: ScriptedBot, admins: Admins, fault: Exception
) -> None:
    bot.faults = [fault]
    assert not await admins.has(GROUP, 7)


async def test_a_failed_call_is_not_an_answer(bot: ScriptedBot, admins: Admins) -> None:
    bot.faults = [TimedOut()]
    with pytest.raises(RetryLater):
        await admins.has(GROUP, 7)
    assert await admins.has(GROUP, 7)


async def test_the_number_of_remembered_chats_is_limited(
    bot: ScriptedBot, admins: Admins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.admins._CHATS", 2)
    for number in range(1, 5):
        await admins.has(-number, 7)
    assert set(admins._known) == {-3, -4}


@pytest.mark.parametrize("endpoint", ["getChatAdministrators", "getChatMember", "sendChatAction"])
async def test_calls_that_send_no_message_do_not_wait_for_messages(endpoint: str) -> None:
    limiter = MessageRateLimiter(group_max_rate=1, group_time_period=3_600)
    for _ in range(3):  # the second message of this hour would wait
        assert await limiter.process_request(_done, (), {}, endpoint, {"chat_id": -100}, None) == {}


async def _done() -> dict[str, Any]:
    return {}
