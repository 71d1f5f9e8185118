"""Questions put to the workers and their answers, on SQLite and on PostgreSQL."""

import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.platform.models import Media
from bot.storage import Database, Store
from tests.bot.scripted import a_request

MEDIA = (Media("file", "unique", 100), Media("other", "one"))
A_USER = 2**52 - 1  # Bot API: ids have up to 52 significant bits


async def test_a_question_from_start_to_end(store: Store) -> None:
    request = a_request(user_id=A_USER, media=MEDIA)
    await store.record_job(request)
    record = await store.job(request.id)
    assert record
    assert (record.ref, record.media, record.delivered) == (request.ref, MEDIA, False)
    assert await store.jobs_in_flight(A_USER) == 1
    await store.mark_delivered(request.id)
    assert await store.jobs_in_flight(A_USER) == 0
    await store.record_job(request)  # the same update handled again
    job = await store.job(request.id)
    assert job
    assert job.delivered
    await store.forget_job(request.id)
    assert await store.job(request.id) is None


async def test_labels_and_template_are_kept_until_the_answer(
    store: Store, database: Database
) -> None:
    async def phrases() -> list[tuple[str | None, str | None]]:
        async with database.connect() as connection:
            found = await connection.execute(text("select labels, template from jobs order by id"))
            return [(row.labels, row.template) for row in found]

    requests = [replace(a_request(number, labels=("ñ",)), template="a {}") for number in (1, 2, 3)]
    for request in requests:
        await store.record_job(request)
    assert await phrases() == [('["ñ"]', "a {}")] * 3
    assert [one.request for one in await store.unanswered_since(time.time() + 1)] == requests
    await store.mark_delivered(requests[0].id)
    await store.record_answer(requests[1].ref, 55, is_chart=True, job_id=requests[1].id)
    await store.supersede(requests[2].ref, 9)
    assert await phrases() == [(None, None)] * 3


async def test_the_latest_question_of_a_message(store: Store) -> None:
    for revision in (0, 9, 5):
        await store.record_job(a_request(revision=revision))
    latest = await store.latest_job(7, 1)
    assert latest
    assert latest.revision == 9
    assert await store.latest_job(7, 2) is None


async def test_answers_lead_back_to_their_questions(store: Store) -> None:
    request = a_request()
    await store.record_job(request)
    assert await store.answer_to(7, 1) is None
    await store.record_answer(request.ref, 55, is_chart=False)
    await store.record_answer(request.ref, 55, is_chart=True)
    answered = await store.answer_to(7, 1)
    assert answered
    assert (answered.answer_id, answered.is_chart) == (55, True)
    job = await store.job_answered_by(7, 55)
    assert job
    assert job.id == request.id
    assert await store.job_answered_by(8, 55) is None


async def test_a_chart_and_its_delivery_are_one_record(store: Store) -> None:
    request = a_request()
    await store.record_job(request)
    await store.record_answer(request.ref, 55, is_chart=True, job_id=request.id)
    assert await store.jobs_in_flight(request.user_id) == 0


async def test_a_long_wait_is_noticed_once(store: Store) -> None:
    request = a_request()
    await store.record_job(request)
    assert await store.waiting_longer_than(60) == []
    (waiting,) = await store.waiting_longer_than(-1)
    assert waiting.id == request.id
    await store.mark_noticed(request.id)
    assert await store.waiting_longer_than(-1) == []


async def test_no_query_of_a_photo_reads_the_rows_of_all_people(
    store: Store, database: Database
) -> None:
    if database.dialect.name != "sqlite":
        return  # PostgreSQL plans by how many rows there are
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    event.listen(database.sync_engine, "before_cursor_execute", note)
    request = a_request()
    await store.person(request.user_id)
    await store.is_handled("1")
    await store.latest_job(7, 1)
    await store.jobs_in_flight(request.user_id)
    await store.job(request.id)
    await store.answer_to(7, 1)
    await store.job_answered_by(7, 20)
    await store.supersede(request.ref, 3)
    await store.record_answer(request.ref, 20, is_chart=True, job_id=request.id)
    event.remove(database.sync_engine, "before_cursor_execute", note)
    plans = []
    async with database.connect() as connection:
        for statement, values in asked:
            found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans += [row.detail for row in found]
    assert [plan for plan in plans if "SCAN" in plan or "jobs_open" in plan] == []


async def test_the_last_question_of_a_person_in_a_chat(store: Store) -> None:
    assert await store.last_job(7, 7) is None
    assert await store.last_asked_at(7, 7) == 0.0
    first, second = a_request(1), a_request(2)
    for request in (first, second):
        await store.record_job(request)
    await store.record_question(7, 100, 7, MEDIA)
    last = await store.last_job(7, 7)
    assert last
    assert last.id == second.id
    assert last.created_at <= await store.last_asked_at(7, 7) <= time.time()
    assert await store.last_job(7, 8) is None


async def test_a_refusal_counts_as_an_answer(store: Store) -> None:
    await store.record_refusal(a_request())
    await store.change_fingerprint(a_request().id, "something else")
    record = await store.job(a_request().id)
    assert record
    assert record.delivered
    assert record.fingerprint == "something else"
    assert await store.jobs_in_flight(7) == 0


async def test_an_edit_closes_the_earlier_questions_of_its_message(store: Store) -> None:
    for revision in (0, 5, 9):
        await store.record_job(a_request(revision=revision))
    await store.record_job(a_request(6))
    await store.supersede(a_request().ref, 9)
    assert await store.jobs_in_flight(7) == 2
    waiting = await store.waiting_longer_than(-1)
    assert {record.id for record in waiting} == {a_request(revision=9).id, a_request(6).id}


async def test_an_answer_under_way_leaves_no_numbers_of_a_person_who_is_forgotten(
    store: Store,
) -> None:
    request = a_request()
    await store.record_job(request)
    await store.forget_person(7)
    await store.record_answer(request.ref, 55, is_chart=True, job_id=request.id, outcome=b"one")
    record = await store.job(request.id)
    assert record
    assert (record.outcome, record.delivered) == (None, True)


async def test_the_numbers_of_an_answer_are_stored_with_its_delivery(store: Store) -> None:
    request, edit = a_request(), a_request(revision=5)
    await store.record_job(request)
    await store.record_answer(request.ref, 55, is_chart=True, job_id=request.id, outcome=b"one")
    await store.record_copy(request.id, 56)
    shown = await store.numbers_shown_by(7, 55)
    assert shown
    assert (shown.id, shown.outcome, shown.copy_id, shown.delivered) == (
        request.id,
        b"one",
        56,
        True,
    )
    copied = await store.job_copied_to(7, 56)
    assert copied
    assert copied.id == request.id
    # An edit that is not answered yet leaves the numbers as they are; its answer replaces them.
    await store.record_job(edit)
    latest, shown = await store.job_answered_by(7, 55), await store.numbers_shown_by(7, 55)
    assert latest
    assert shown
    assert (latest.id, shown.id) == (edit.id, request.id)
    await store.mark_delivered(request.id)  # a late copy of the first result
    assert await store.numbers_shown_by(7, 55) == replace(
        shown, delivered_at=(await store.job(request.id) or shown).delivered_at
    )
    await store.record_answer(edit.ref, 55, is_chart=True, job_id=edit.id, outcome=b"two")
    shown = await store.numbers_shown_by(7, 55)
    assert shown
    assert (shown.outcome, shown.copy_id) == (b"two", None)
    assert await store.numbers_shown_by(7, 56) is None
    assert await store.numbers_shown_by(8, 55) is None


async def test_an_offer_of_first_frames_is_no_open_question(store: Store) -> None:
    ref = a_request().ref
    await store.record_answer(ref, 55, is_chart=False)
    await store.record_offer(7, 55, 7, MEDIA, "a dog, a cat")
    offer = await store.offer(7, 55)
    assert offer
    assert (offer.message_id, offer.user_id, offer.media, offer.phrases) == (
        1,
        7,
        MEDIA,
        "a dog, a cat",
    )
    assert await store.last_offer(7, 7) == offer
    assert await store.open_question(7, 7) is None
    assert await store.question(7, 55) == MEDIA
    await store.record_offer(7, 55, 7, MEDIA[:1], "")
    changed = await store.offer(7, 55)
    assert changed
    assert (changed.media, changed.phrases) == (MEDIA[:1], "")
    await store.record_question(7, 60, 7, MEDIA)
    assert await store.offer(7, 60) is None
    assert await store.last_offer(7, 8) is None


async def test_those_who_wait_longest_come_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for number in (3, 1, 2, 4):
        monkeypatch.setattr("time.time", lambda number=number: now + number)
        await store.record_job(a_request(number))
    await store.mark_delivered(a_request(2).id)
    waiting = await store.longest_waiting(2)
    assert [one.id for one in waiting] == [a_request(1).id, a_request(3).id]
    assert waiting[0].ref == a_request(1).ref
    assert (waiting[0].user_id, waiting[0].language, waiting[0].is_private) == (7, "en", True)
    monkeypatch.setattr("time.time", lambda: now + 25 * 3_600)
    assert await store.longest_waiting(9) == []  # they are lost


async def test_what_is_taken_back_is_what_the_person_sent_before(store: Store) -> None:
    for number in (1, 2, 9):
        await store.record_job(a_request(number))
    await store.record_job(a_request(1, user_id=8))
    await store.mark_delivered(a_request(2).id)
    for _ in range(2):  # the command may come twice
        await store.take_back(7, 7, 5)
        assert [one.id for one in await store.taken_back(7, 7, 5)] == [a_request(1).id]
    assert {one.id for one in await store.longest_waiting(9)} == {"7.9.0", "8.1.0"}
    assert await store.taken_back(7, 7, 6) == []
    record = await store.job(a_request(1).id)
    assert record
    assert record.delivered
    assert record.fingerprint == ""


async def test_an_album_that_is_taken_back_is_not_due(store: Store) -> None:
    for person, group in ((7, "g"), (8, "h")):
        await store.add_album_item(
            -100, group, person, b"{}", user_id=person, edited=False, revision=1, settle=-1
        )
    assert await store.settling_albums(-100, 7) == 1
    await store.take_back(-100, 7, 50)
    assert await store.settling_albums(-100, 7) == 0
    assert [album.group_id for album in await store.due_albums()] == ["h"]
