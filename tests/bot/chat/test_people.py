"""Who speaks, and where an answer goes."""

from typing import Any

import pytest

from bot.chat.people import place_of, speaker_of
from bot.platform.models import MessageRef
from bot.storage import Store
from tests.bot.telegram.messages import ALICE, message

GROUP = {"id": -100, "type": "supergroup", "title": "G", "is_forum": True}


async def test_a_person_speaks_their_language(store: Store) -> None:
    who = await speaker_of(
        message(text="x", **{"from": {**ALICE, "language_code": "es-MX"}}), store
    )
    assert who
    assert (who.user_id, who.sentences.language) == (7, "es")
    await store.set_language(7, "en")
    again = await speaker_of(message(text="x"), store)
    assert again
    assert again.sentences.language == "en"


async def test_an_anonymous_admin_speaks_as_their_chat(store: Store) -> None:
    robot = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    who = await speaker_of(
        message(text="x", chat=GROUP, sender_chat=GROUP, **{"from": robot}), store
    )
    assert who
    assert who.user_id == -100


@pytest.mark.parametrize(
    "fields",
    [
        {"from": {"id": 9, "is_bot": True, "first_name": "Bot"}},
        {"chat": {"id": -5, "type": "channel", "title": "C"}},
        {"chat": GROUP, "is_automatic_forward": True},
        {"from": None},
    ],
)
async def test_robots_and_channels_are_not_spoken_to(store: Store, fields: dict[str, Any]) -> None:
    assert await speaker_of(message(text="x", **fields), store) is None


def test_answers_stay_in_topics_but_threads_of_replies_are_none() -> None:
    in_topic = {"chat": GROUP, "message_thread_id": 4}
    assert place_of(message(is_topic_message=True, **in_topic)) == MessageRef(-100, 1, 4)
    assert place_of(message(**in_topic)) == MessageRef(-100, 1, None)
