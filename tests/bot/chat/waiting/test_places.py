"""Who waits for some seconds learns their place in the queue, and the chart takes its place."""

import asyncio
import re
import time
from dataclasses import replace

import pytest

from bot.chat.answers.replies import ReplyService
from bot.chat.waiting.places import QueuePlaces
from bot.platform.models import ClassifyRequest, MessageRef
from bot.platform.ports import RetryLater, TargetGone
from bot.runtime.keyed_lock import KeyedLock
from bot.storage import Store
from tests.bot.scripted import CHART, ScriptedPlatform, a_request, failing
from tests.waiting import until

GROUP = -100


class People:
    """People who wait, a clock for all of them, and what they are told."""

    def __init__(
        self, store: Store, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.store, self.platform = store, platform
        self.has_worker = True
        self.locks = KeyedLock()
        self._now = time.time()
        monkeypatch.setattr("time.time", lambda: self._now)
        self.places = QueuePlaces(
            store, platform, self.locks, lambda: self.has_worker, clock=lambda: self._now
        )

    async def ask(self, *people: int, number: int = 1, chat: int | None = None) -> None:
        for person in people:
            await self.store.record_job(self.request(person, number, chat))
            self._now += 0.001  # their order

    def request(self, person: int, number: int = 1, chat: int | None = None) -> ClassifyRequest:
        request = a_request(number, user_id=person)
        return replace(request, ref=MessageRef(chat or person, number))

    async def answered(self, *people: int, number: int = 1) -> None:
        for person in people:
            await self.store.mark_delivered(self.request(person, number).id)

    async def pass_by(self, seconds: int) -> float | None:
        pause: float | None = None
        for _ in range(seconds):
            self._now += 1.0
            pause = await self.places.look()
        return pause

    @property
    def told(self) -> list[tuple[int, str]]:
        """Return what was said since the last time, and in which chat."""
        said = [(ref.chat_id, f"{kind}: {text}") for kind, ref, text in self.platform.said]
        self.platform.said.clear()
        return said


@pytest.fixture
def people(store: Store, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(store, platform, monkeypatch)


async def test_a_place_is_told_after_three_seconds_edited_and_replaced_by_the_chart(
    people: People, store: Store, platform: ScriptedPlatform
) -> None:
    await people.places.look()  # a worker is there from now on
    await people.pass_by(3)
    await people.ask(1, 2, 3, 4, 5, 6)
    await people.pass_by(2)
    assert people.told == []
    await people.pass_by(1)
    assert people.told == [
        (person, f"text: ⏳ You are number {person} in the queue.") for person in range(1, 6)
    ]  # five in a second
    await people.pass_by(1)
    assert people.told == [(6, "text: ⏳ You are number 6 in the queue.")]
    await people.answered(1)
    await people.pass_by(5)
    told = people.told
    assert (6, "edit 9005 to text: ⏳ You are number 5 in the queue; about 40 s.") in told
    await ReplyService(store, platform).chart(people.request(6).ref, CHART, "🏆")
    assert people.told == [(6, "edit 9005 to chart: 🏆")]


async def test_the_time_follows_from_how_fast_the_queue_moves(people: People) -> None:
    await people.pass_by(4)
    await people.ask(*range(1, 61))
    await people.pass_by(2)
    for person in range(1, 50, 2):  # two a second
        await people.answered(person, person + 1)
        await people.pass_by(1)
    told = [re.search(r"number (\d+) in the queue; about (\d+) s", text) for _, text in people.told]
    promised = [(int(one[1]), int(one[2])) for one in told if one]
    assert len(promised) > 50
    assert all(0 <= seconds - number / 2 <= 10 for number, seconds in promised)


async def test_nobody_is_told_what_comes_at_once(people: People) -> None:
    await people.pass_by(4)
    for person in range(1, 30):
        await people.ask(person)
        await people.pass_by(1)
        await people.answered(person)
    assert people.told == []


async def test_while_nobody_waits_nothing_is_looked_at(
    people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = store.longest_waiting

    async def counted(at_most: int) -> object:
        nonlocal looks
        looks += 1
        return await look(at_most)

    async def at_once(_seconds: float) -> None:
        await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.01)

    monkeypatch.setattr(store, "longest_waiting", counted)
    monkeypatch.setattr("bot.chat.waiting.places.asyncio.sleep", at_once)
    watching = asyncio.create_task(people.places.watch())
    try:
        await until(lambda: looks, 1)
        people.places.asked()
        await until(lambda: looks, 2)
        assert looks == 2
    finally:
        watching.cancel()
        await asyncio.wait([watching])


@pytest.mark.parametrize("asker", [5, GROUP])  # the group itself: an anonymous admin
async def test_in_a_group_only_the_next_question_is_told_and_rarely_changed(
    people: People, asker: int
) -> None:
    await people.pass_by(4)
    await people.ask(1)  # somewhere else
    await people.ask(asker, number=1, chat=GROUP)
    await people.ask(6, number=2, chat=GROUP)
    await people.pass_by(4)
    assert people.told == [
        (1, "text: ⏳ You are number 1 in the queue."),
        (GROUP, "text: ⏳ You are number 2 in the queue."),
    ]
    await people.answered(1)
    await people.pass_by(8)
    assert people.told == []
    await people.pass_by(1)
    (told,) = people.told
    assert told[1].startswith("edit 9001 to text: ⏳ You are number 1 in the queue; about")


async def test_without_a_worker_no_time_is_promised(people: People) -> None:
    people.has_worker = False
    await people.ask(1, 2, 3)
    await people.pass_by(9)
    assert people.told == []
    people.has_worker = True
    await people.pass_by(3)
    assert people.told == []
    await people.answered(1)
    await people.pass_by(2)
    told = dict(people.told)
    assert told[3].startswith("text: ⏳ You are number 2 in the queue; about")
    assert people.places.tells(people.request(3).id)
    people.has_worker = False
    await people.pass_by(6)
    assert (3, "edit 9001 to text: ⏳ You are number 2 in the queue.") in people.told
    assert not people.places.tells(people.request(3).id)


async def test_no_place_is_told_after_the_answer_or_while_it_is_sent(
    people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.pass_by(4)
    await people.ask(1, 2)
    await people.pass_by(2)
    look = store.longest_waiting

    async def then_answered(at_most: int) -> object:
        found = await look(at_most)
        await people.answered(1)
        return found

    monkeypatch.setattr(store, "longest_waiting", then_answered)
    async with people.locks.turn(2):
        await people.pass_by(3)
        assert people.told == []
    await people.pass_by(1)
    assert [chat for chat, _ in people.told] == [2]


async def test_the_chart_of_an_earlier_text_stays_until_the_new_one_is_there(
    people: People, store: Store
) -> None:
    await people.pass_by(4)
    await people.ask(1)
    await store.record_answer(people.request(1).ref, 55, is_chart=True)
    await people.pass_by(20)
    assert people.told == []
    assert not people.places.tells(people.request(1).id)


async def test_after_a_crash_the_sentence_goes_on(
    people: People, store: Store, platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.pass_by(4)
    await people.ask(1, 2)
    await people.pass_by(4)
    assert len(people.told) == 2
    again = People(store, platform, monkeypatch)
    await again.answered(1)
    await again.pass_by(5)
    assert again.told == [(2, "edit 9001 to text: ⏳ You are number 1 in the queue.")]


async def test_a_flood_wait_silences_places_not_answers(
    people: People, platform: ScriptedPlatform
) -> None:
    await people.pass_by(4)
    await people.ask(1, 2, 3)
    platform.faults["send_text"] = [RetryLater("flood", after=30.0)]
    await people.pass_by(30)
    assert people.told == []
    await people.pass_by(5)
    assert [chat for chat, _ in people.told] == [1, 2, 3]


async def test_a_person_who_is_gone_is_not_told_again(
    people: People, platform: ScriptedPlatform
) -> None:
    await people.pass_by(4)
    await people.ask(1, 2)
    platform.faults["send_text"] = [TargetGone("blocked"), ValueError("a bug of ours")]
    await people.pass_by(30)
    assert people.told == []


async def test_a_database_that_is_away_is_asked_again(
    people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = failing(monkeypatch, store, "longest_waiting", 2)
    looked = asyncio.Event()

    async def at_once(_seconds: float) -> None:
        if not faults:
            looked.set()

    monkeypatch.setattr("bot.chat.waiting.places.asyncio.sleep", at_once)
    watching = asyncio.create_task(people.places.watch())
    await asyncio.wait_for(looked.wait(), 5)
    watching.cancel()
    await asyncio.wait([watching])
