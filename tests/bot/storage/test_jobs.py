"""Questions put to the workers and their answers, on SQLite and on PostgreSQL."""

import time
from dataclasses import replace

from sqlalchemy import text

from bot.platform.models import Media
from bot.storage import Database, Store
from tests.bot.scripted import a_request

MEDIA = (Media("file", "unique", 100), Media("other", "one"))
A_USER = 2**52 - 1  # Bot API: ids have up to 52 significant bits


async def test_a_question_from_start_to_end(store: Store) -> None:
    ask = a_request(user_id=A_USER, media=MEDIA)
    await store.record_job(ask)
    record = await store.job(ask.id)
    assert record
    assert (record.ref, record.media, record.delivered) == (ask.ref, MEDIA, False)
    assert await store.jobs_in_flight(A_USER) == 1
    await store.mark_delivered(ask.id)
    assert await store.jobs_in_flight(A_USER) == 0
    await store.record_job(ask)  # the same update handled again
    job = await store.job(ask.id)
    assert job
    assert job.delivered
    await store.forget_job(ask.id)
    assert await store.job(ask.id) is None


async def test_what_was_asked_is_kept_until_it_is_answered(
    store: Store, database: Database
) -> None:
    async def phrases() -> list[tuple[str | None, str | None]]:
        async with database.connect() as connection:
            found = await connection.execute(text("select labels, template from jobs order by id"))
            return [(row.labels, row.template) for row in found]

    asks = [replace(a_request(number, labels=("ñ",)), template="a {}") for number in (1, 2, 3)]
    for ask in asks:
        await store.record_job(ask)
    assert await phrases() == [('["ñ"]', "a {}")] * 3
    assert [one.request for one in await store.unanswered_since(time.time() + 1)] == asks
    await store.mark_delivered(asks[0].id)
    await store.record_answer(asks[1].ref, 55, is_chart=True, job_id=asks[1].id)
    await store.supersede(asks[2].ref, 9)
    assert await phrases() == [(None, None)] * 3


async def test_the_latest_question_of_a_message(store: Store) -> None:
    for revision in (0, 9, 5):
        await store.record_job(a_request(revision=revision))
    latest = await store.latest_job(7, 1)
    assert latest
    assert latest.revision == 9
    assert await store.latest_job(7, 2) is None


async def test_answers_lead_back_to_their_questions(store: Store) -> None:
    ask = a_request()
    await store.record_job(ask)
    assert await store.answer_to(7, 1) is None
    await store.record_answer(ask.ref, 55, is_chart=False)
    await store.record_answer(ask.ref, 55, is_chart=True)
    answered = await store.answer_to(7, 1)
    assert answered
    assert (answered.answer_id, answered.is_chart) == (55, True)
    job = await store.job_answered_by(7, 55)
    assert job
    assert job.id == ask.id
    assert await store.job_answered_by(8, 55) is None


async def test_a_chart_and_its_delivery_are_one_record(store: Store) -> None:
    ask = a_request()
    await store.record_job(ask)
    await store.record_answer(ask.ref, 55, is_chart=True, job_id=ask.id)
    assert await store.jobs_in_flight(ask.user_id) == 0


async def test_long_waits_are_noticed_once(store: Store) -> None:
    ask = a_request()
    await store.record_job(ask)
    assert await store.waiting_longer_than(60) == []
    (waiting,) = await store.waiting_longer_than(-1)
    assert waiting.id == ask.id
    await store.mark_noticed(ask.id)
    assert await store.waiting_longer_than(-1) == []


async def test_what_was_asked_last(store: Store) -> None:
    assert await store.last_job(7, 7) is None
    assert await store.last_asked_at(7, 7) == 0.0
    first, second = a_request(1), a_request(2)
    for ask in (first, second):
        await store.record_job(ask)
    await store.record_question(7, 100, 7, MEDIA)
    last = await store.last_job(7, 7)
    assert last
    assert last.id == second.id
    assert last.created_at <= await store.last_asked_at(7, 7) <= time.time()
    assert await store.last_job(7, 8) is None


async def test_a_refusal_is_an_answer(store: Store) -> None:
    await store.record_refusal(a_request())
    await store.change_fingerprint(a_request().id, "something else")
    record = await store.job(a_request().id)
    assert record
    assert record.delivered
    assert record.fingerprint == "something else"
    assert await store.jobs_in_flight(7) == 0


async def test_what_an_edit_makes_pointless_is_waited_for_by_nobody(store: Store) -> None:
    for revision in (0, 5, 9):
        await store.record_job(a_request(revision=revision))
    await store.record_job(a_request(6))
    await store.supersede(a_request().ref, 9)
    assert await store.jobs_in_flight(7) == 2
    waiting = await store.waiting_longer_than(-1)
    assert {record.id for record in waiting} == {a_request(revision=9).id, a_request(6).id}
