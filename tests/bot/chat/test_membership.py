"""The bot comes to a group: it says once, in three lines, what it can do there."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.membership import Membership
from bot.platform.incoming import Author, MembershipChanged
from bot.platform.models import NO_MESSAGE
from bot.platform.ports import RetryLater, TargetGone
from bot.storage import Store
from tests.bot.chat.private_chat import PrivateChat
from tests.bot.incoming import ALICE, GROUP
from tests.bot.scripted import ScriptedPlatform

ADDED = MembershipChanged(GROUP, ALICE, is_member=True)
REMOVED = MembershipChanged(GROUP, ALICE, is_member=False)


@pytest.fixture
def membership(store: Store, platform: ScriptedPlatform) -> Membership:
    registry: Any = SimpleNamespace(is_demo=False)
    return Membership(platform, store, registry)


async def test_a_group_is_greeted_once_in_three_lines(
    membership: Membership, platform: ScriptedPlatform
) -> None:
    await membership.changed(ADDED)
    ((kind, ref, text),) = platform.said
    assert (kind, ref.chat_id, ref.message_id) == ("text", GROUP.chat_id, NO_MESSAGE)
    assert len(text.splitlines()) == 3
    assert "/classify a dog, a cat" in text
    await membership.changed(REMOVED)
    await membership.changed(ADDED)
    assert len(platform.said) == 1


async def test_it_greets_in_the_language_of_who_added_it(
    membership: Membership, platform: ScriptedPlatform
) -> None:
    carmen = Author(9, "Carmen", language="es-MX")
    await membership.changed(MembershipChanged(GROUP, carmen, is_member=True))
    assert platform.said[0][2].startswith("¡Hola! 👋")


async def test_where_it_can_not_write_it_greets_when_it_is_added_again(
    membership: Membership, platform: ScriptedPlatform
) -> None:
    for fault in (TargetGone("no rights to send"), RetryLater("away")):
        platform.faults["send_text"] = [fault]
        with pytest.raises(type(fault)):
            await membership.changed(ADDED)
    await membership.changed(ADDED)
    assert len(platform.said) == 1


async def test_the_demo_model_is_named(store: Store, platform: ScriptedPlatform) -> None:
    registry: Any = SimpleNamespace(is_demo=True)
    await Membership(platform, store, registry).changed(ADDED)
    assert "demo model" in platform.said[0][2]


async def test_where_the_bot_may_not_be_used_it_is_silent_but_forgets(
    chat: PrivateChat,
    store: Store,
    platform: ScriptedPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat.allows(8)
    await chat.hears(ADDED)
    assert platform.said == []
    assert await store.home_joined(GROUP.home_id)
    await store.home_greeted(GROUP.home_id)
    await store.set_group_labels(GROUP.home_id, ("a dog",))
    await chat.hears(REMOVED)
    later = time.time() + 31 * 86_400
    monkeypatch.setattr("time.time", lambda: later)
    await store.prune()
    assert await store.group_labels(GROUP.home_id) == ()


async def test_the_router_passes_the_news_on(chat: PrivateChat, platform: ScriptedPlatform) -> None:
    await chat.hears(ADDED)
    assert len(platform.said) == 1
