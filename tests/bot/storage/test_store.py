"""What outlives a restart, on SQLite and on PostgreSQL: people, questions, albums, updates."""

import time

import pytest

from bot.platform.models import Media, MessageRef
from bot.storage import MEMORY_HOURS, Profile, Store, StoredAlbum
from tests.bot.scripted import a_request

MEDIA = (Media("file", "unique", 100), Media("other", "one"))
A_USER = 2**52 - 1  # Bot API: ids have up to 52 significant bits


async def test_what_people_chose(store: Store) -> None:
    assert await store.person(A_USER) == Profile()
    await store.set_labels(A_USER, ("a dog", "猫, 'quoted'"))
    await store.set_language(A_USER, "es")
    await store.set_template(A_USER, "a photo of {}")
    assert await store.person(A_USER) == Profile("es", ("a dog", "猫, 'quoted'"), "a photo of {}")
    await store.set_labels(A_USER, ())
    await store.set_template(A_USER, None)
    assert await store.person(A_USER) == Profile("es")
    assert await store.person(1) == Profile()


async def test_a_hint_is_noted_once_and_counted_on_all_platforms(store: Store) -> None:
    await store.set_language(A_USER, "es")
    for user_id, hint in ((A_USER, "one"), (A_USER, "two"), (A_USER, "one"), (1, "two")):
        await store.note_hint(user_id, hint)
    assert await store.person(A_USER) == Profile("es", hints=("one", "two"))
    assert (await store.hinted_people("one"), await store.hinted_people("two")) == (1, 2)
    assert await store.hinted_people("tw") == 0
    await store.forget_person(A_USER)
    assert await store.hinted_people("one") == 0


async def test_open_questions(store: Store) -> None:
    await store.record_question(7, 100, 7, MEDIA[:1])
    await store.record_question(7, 101, 7, MEDIA)
    assert await store.question(7, 100) == MEDIA[:1]
    assert await store.open_question(7, 7) == (101, MEDIA)
    assert await store.open_question(7, 8) is None
    assert await store.close_questions(7, 7) == 2
    assert await store.close_questions(7, 7) == 0
    assert await store.open_question(7, 7) is None
    assert await store.question(7, 100) == MEDIA[:1]  # a reply to it still means these


async def test_a_question_that_was_sent_twice_is_found_by_its_picture(
    store: Store,
) -> None:
    await store.record_question(7, 100, 7, MEDIA)
    await store.record_answer(MessageRef(7, 50), 100, is_chart=False)
    assert await store.open_question(7, 7, after=60) == (100, MEDIA)
    assert await store.open_question(7, 7, after=40) is None  # before the picture itself
    assert await store.open_question(7, 7, after=100) is None


async def test_one_question_of_several_is_closed(store: Store) -> None:
    await store.record_question(7, 100, 7, MEDIA[:1])
    await store.record_question(7, 101, 7, MEDIA)
    assert await store.close_questions(7, 7, 101) == 1
    assert await store.open_question(7, 7) == (100, MEDIA[:1])


async def test_a_text_answers_a_question_only_while_it_is_fresh(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.record_question(7, 100, 7, MEDIA)
    later = time.time() + 24 * 3_600
    monkeypatch.setattr("bot.storage.store.time.time", lambda: later)
    assert await store.open_question(7, 7) is None
    assert await store.question(7, 100) == MEDIA


async def _album(
    store: Store, message_id: int, revision: int, settle: float, *, edited: bool = False
) -> None:
    item = f"{'edit of ' if edited else ''}item {message_id}".encode()
    await store.add_album_item(
        7, "g", message_id, item, user_id=7, edited=edited, revision=revision, settle=settle
    )


async def test_albums_settle_and_become_due_again(store: Store) -> None:
    assert await store.next_album_due() is None
    await _album(store, 2, 11, 60)
    assert await store.due_albums() == []
    await _album(store, 1, 12, -1)
    due = await store.next_album_due()
    assert due
    assert due < time.time()
    (first,) = await store.due_albums()
    assert first == StoredAlbum(7, "g", 12)
    assert await store.album_items(first) == [b"item 1", b"item 2"]
    await store.album_asked_by(first, 2)
    await _album(store, 3, 13, -1)
    await store.put_off_album(first, None)  # a newer item came meanwhile
    (second,) = await store.due_albums()
    assert second == StoredAlbum(7, "g", 13, asking_id=2)
    await store.put_off_album(second, 60)
    assert await store.due_albums() == []
    await store.put_off_all_albums(-1)
    assert await store.due_albums() == [second]
    await store.put_off_album(second, None)
    await store.put_off_all_albums(-1)
    assert await store.due_albums() == []


async def test_an_albums_items_may_come_in_any_order_and_twice(store: Store) -> None:
    for message_id, update_id in ((1, 11), (3, 13), (2, 12)):
        await _album(store, message_id, update_id, -1)
    (album,) = await store.due_albums()
    assert album.revision == 14  # greater than the 13 that it had without the second item
    await _album(store, 4, 21, -1, edited=True)
    await _album(store, 4, 15, -1)  # the item as it was before the edit
    await store.put_off_album(StoredAlbum(7, "g", 21), None)
    await _album(store, 2, 12, -1)  # delivered again
    assert await store.due_albums() == []
    assert await store.album_items(album) == [b"item 1", b"item 2", b"item 3", b"edit of item 4"]


async def test_handled_updates(store: Store) -> None:
    assert not await store.is_handled("5")
    for _ in range(2):
        await store.mark_handled("5")
    assert await store.is_handled("5")


async def test_forgetting_a_person_keeps_only_jobs_without_an_answer(store: Store) -> None:
    done, out, others = a_request(1), a_request(2), a_request(1, user_id=8)
    for request in (done, out, others):
        await store.record_job(request)
        await store.record_answer(request.ref, 55, is_chart=True)
    await store.mark_delivered(done.id)
    await store.set_labels(7, ("a",))
    await store.record_question(7, 100, 7, MEDIA)
    await _album(store, 1, 1, 0)
    await store.forget_person(7)
    assert await store.person(7) == Profile()
    assert await store.job(done.id) is None
    still_out = await store.job(out.id)
    assert still_out
    assert still_out.fingerprint == ""  # what its message said is forgotten as well
    assert await store.answer_to(7, 1) is None
    assert await store.open_question(7, 7) is None
    assert await store.album_items(StoredAlbum(7, "g", 1)) == []
    assert await store.job(others.id) is not None
    assert await store.answer_to(8, 1) is not None


async def test_old_rows_are_pruned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done, waiting = a_request(1), a_request(2)
    for request in (done, waiting):
        await store.record_job(request)
    await store.record_answer(done.ref, 55, is_chart=True, job_id=done.id)
    await store.record_question(7, 100, 7, MEDIA)
    await _album(store, 1, 1, 0)
    await store.mark_handled("5")
    await store.set_labels(7, ("a",))
    await store.prune()
    assert await store.is_handled("5")
    later = time.time() + (MEMORY_HOURS + 1) * 3_600
    monkeypatch.setattr("bot.storage.store.time.time", lambda: later)
    assert await store.jobs_in_flight(7) == 0
    await store.prune()
    assert await store.job(done.id) is None
    assert await store.job(waiting.id) is not None  # a person who waits still gets the answer
    assert await store.answer_to(7, 1) is None
    assert await store.album_items(StoredAlbum(7, "g", 1)) == []
    assert not await store.is_handled("5")
    assert (await store.person(7)).labels == ("a",)
    a_month_later = later + 31 * 24 * 3_600
    monkeypatch.setattr("bot.storage.store.time.time", lambda: a_month_later)
    await store.prune()
    assert await store.job(waiting.id) is None


async def test_an_album_that_nobody_asked_about_is_pruned_early(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    album = StoredAlbum(7, "g", 1)
    await _album(store, 1, 1, 0)
    await store.prune()
    assert await store.album_items(album) == [b"item 1"]
    later = time.time() + 3_600
    monkeypatch.setattr("bot.storage.store.time.time", lambda: later)
    await store.prune()
    assert await store.album_items(album) == [b"item 1"]  # nobody has looked at it yet
    await store.put_off_album(album, None)
    await store.prune()
    assert await store.album_items(album) == []
