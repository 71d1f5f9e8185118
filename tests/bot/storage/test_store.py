"""What outlives a restart, on SQLite and on PostgreSQL alike."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.platform.models import Media, MessageRef
from bot.storage import MEMORY_HOURS, Database, Profile, Store, StoredAlbum, claim, open_database
from bot.storage.engine.database import NEWEST_REVISION
from bot.storage.engine.tables import metadata
from bot.storage.migrations import upgrade
from inference.protocol.errors import SettingError
from tests.bot.scripted import a_request

MEDIA = (Media("file", "unique", 100), Media("other", "one"))
A_USER = 2**52 - 1  # Bot API: ids have up to 52 significant bits


async def test_a_database_belongs_to_one_bot(database: Database) -> None:
    await claim(database, 42)
    await claim(database, 42)
    with pytest.raises(SettingError, match=r"another bot \(id 42\)"):
        await claim(database, 43)


async def test_libpqs_word_for_encryption_is_understood(postgres: str) -> None:
    database = await open_database(f"{postgres}?sslmode=disable")
    assert (await Store(database).person(1)) == Profile()
    await database.dispose()


async def test_several_that_start_at_once_make_the_tables_once(postgres: str) -> None:
    url = make_url(postgres)
    server = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text("create database empty"))
    address = url.set(database="empty").render_as_string()
    opened = await asyncio.gather(*(open_database(address) for _ in range(4)))
    await Store(opened[0]).set_labels(1, ("a", "b"))
    assert (await Store(opened[-1]).person(1)).labels == ("a", "b")
    for database in opened:
        await database.dispose()
    await server.dispose()


async def test_a_database_is_made_once_and_then_opened(address: str, database: Database) -> None:
    await Store(database).set_labels(1, ("a", "b"))
    again = await open_database(address)
    assert (await Store(again).person(1)).labels == ("a", "b")
    async with again.connect() as connection:
        version = text("select version_num from alembic_version")
        assert len((await connection.execute(version)).all()) == 1
    await again.dispose()


async def emptied(database: Database, revision: str | None = None) -> None:
    """Without a table; then migrated to a revision."""
    async with database.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.execute(text("drop table alembic_version"))
        if revision:
            await connection.run_sync(upgrade, revision)


async def schema(database: Database) -> dict[str, object]:
    """Every table with its columns, keys and indexes."""

    def described(connection: Connection) -> dict[str, object]:
        found = inspect(connection)
        return {
            table: (
                [column | {"type": str(column["type"])} for column in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_indexes(table), key=lambda index: str(index["name"])),
            )
            for table in found.get_table_names()
        }

    async with database.connect() as connection:
        return await connection.run_sync(described)


async def test_migrations_lead_to_the_tables_of_a_new_database(database: Database) -> None:
    new = await schema(database)
    await emptied(database, "head")
    assert await schema(database) == new
    async with database.connect() as connection:
        found = await connection.run_sync(
            lambda bound: compare_metadata(MigrationContext.configure(bound), metadata)
        )
        version = await connection.scalar(text("select version_num from alembic_version"))
    assert found == []
    assert version == NEWEST_REVISION


async def test_an_older_database_is_migrated_and_keeps_what_it_holds(
    address: str, database: Database
) -> None:
    await emptied(database, "0001")
    async with database.begin() as connection:
        people = "insert into people (user_id, labels) values (1, :labels)"
        await connection.execute(text(people), {"labels": '["a", "b"]'})
    again = await open_database(address)
    store = Store(again)
    assert (await store.person(1)).labels == ("a", "b")
    assert await store.streak(1, 1) == 0  # of a table that it lacked
    async with again.connect() as connection:
        version = await connection.scalar(text("select version_num from alembic_version"))
    assert version == NEWEST_REVISION
    await again.dispose()


async def test_a_database_of_a_newer_clipbot_is_refused(address: str, database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SettingError, match=r"tables are those of another version .*9999"):
        await open_database(address)
    async with database.begin() as connection:
        values = {"revision": NEWEST_REVISION}
        await connection.execute(text("update alembic_version set version_num = :revision"), values)


async def test_a_database_of_somebody_else_is_left_alone(address: str, database: Database) -> None:
    await emptied(database)
    async with database.begin() as connection:
        await connection.execute(text("create table jobs (theirs integer)"))
    with pytest.raises(SettingError, match="DATABASE_URL"):
        await open_database(address)
    assert set(await schema(database)) == {"jobs"}
    async with database.begin() as connection:
        await connection.execute(text("drop table jobs"))
    await (await open_database(address)).dispose()


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

    requests = [replace(a_request(number, labels=("ñ",)), template="a {}") for number in (1, 2, 3)]
    for ask in requests:
        await store.record_job(ask)
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


async def test_open_questions(store: Store) -> None:
    await store.record_question(7, 100, 7, MEDIA[:1])
    await store.record_question(7, 101, 7, MEDIA)
    assert await store.question(7, 100) == MEDIA[:1]
    assert await store.open_question(7, 7) == (101, MEDIA)
    assert await store.open_question(7, 8) is None
    assert await store.close_questions(7, 7) == 2
    assert await store.close_questions(7, 7) == 0
    assert await store.open_question(7, 7) is None
    assert await store.question(7, 100) == MEDIA[:1]  # who replies to it still means these


async def test_a_lost_question_was_asked_before_its_twin_and_after_its_picture(
    store: Store,
) -> None:
    await store.record_question(7, 100, 7, MEDIA)
    await store.record_answer(MessageRef(7, 50), 100, is_chart=False)
    assert await store.open_question(7, 7, after=60) == (100, MEDIA)
    assert await store.open_question(7, 7, after=40) is None  # before the picture itself
    assert await store.open_question(7, 7, after=100) is None


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


async def test_one_question_of_several_is_closed(store: Store) -> None:
    await store.record_question(7, 100, 7, MEDIA[:1])
    await store.record_question(7, 101, 7, MEDIA)
    assert await store.close_questions(7, 7, 101) == 1
    assert await store.open_question(7, 7) == (100, MEDIA[:1])


async def test_text_answers_a_question_only_while_it_is_fresh(
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


async def test_an_albums_items_come_in_any_order_and_more_than_once(store: Store) -> None:
    for message_id, update_id in ((1, 11), (3, 13), (2, 12)):
        await _album(store, message_id, update_id, -1)
    (album,) = await store.due_albums()
    assert album.revision == 14  # greater than that of the question without the second item
    await _album(store, 4, 21, -1, edited=True)
    await _album(store, 4, 15, -1)  # what was edited
    await store.put_off_album(StoredAlbum(7, "g", 21), None)
    await _album(store, 2, 12, -1)  # once more
    assert await store.due_albums() == []
    assert await store.album_items(album) == [b"item 1", b"item 2", b"item 3", b"edit of item 4"]


async def test_what_an_edit_makes_pointless_is_waited_for_by_nobody(store: Store) -> None:
    for revision in (0, 5, 9):
        await store.record_job(a_request(revision=revision))
    await store.record_job(a_request(6))
    await store.supersede(a_request().ref, 9)
    assert await store.jobs_in_flight(7) == 2
    waiting = await store.waiting_longer_than(-1)
    assert {record.id for record in waiting} == {a_request(revision=9).id, a_request(6).id}


async def test_handled_updates(store: Store) -> None:
    assert not await store.is_handled("5")
    for _ in range(2):
        await store.mark_handled("5")
    assert await store.is_handled("5")


async def test_forgetting_a_person_forgets_all_but_what_is_still_out(store: Store) -> None:
    done, out, others = a_request(1), a_request(2), a_request(1, user_id=8)
    for ask in (done, out, others):
        await store.record_job(ask)
        await store.record_answer(ask.ref, 55, is_chart=True)
    await store.mark_delivered(done.id)
    await store.set_labels(7, ("a",))
    await store.record_question(7, 100, 7, MEDIA)
    await _album(store, 1, 1, 0)
    await store.forget_person(7)
    assert await store.person(7) == Profile()
    assert await store.job(done.id) is None
    still_out = await store.job(out.id)
    assert still_out
    assert still_out.fingerprint == ""  # what it said is forgotten as well
    assert await store.answer_to(7, 1) is None
    assert await store.open_question(7, 7) is None
    assert await store.album_items(StoredAlbum(7, "g", 1)) == []
    assert await store.job(others.id) is not None
    assert await store.answer_to(8, 1) is not None


async def test_old_things_are_pruned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done, waiting = a_request(1), a_request(2)
    for ask in (done, waiting):
        await store.record_job(ask)
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
    assert await store.job(waiting.id) is not None  # whoever was told to wait gets the answer
    assert await store.answer_to(7, 1) is None
    assert await store.album_items(StoredAlbum(7, "g", 1)) == []
    assert not await store.is_handled("5")
    assert (await store.person(7)).labels == ("a",)
    a_month_later = later + 31 * 24 * 3_600
    monkeypatch.setattr("bot.storage.store.time.time", lambda: a_month_later)
    await store.prune()
    assert await store.job(waiting.id) is None


async def test_an_album_that_nobody_asked_about_is_not_remembered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _album(store, 1, 1, 0)
    await store.prune()
    assert await store.album_items(StoredAlbum(7, "g", 1)) == [b"item 1"]
    later = time.time() + 3_600
    monkeypatch.setattr("bot.storage.store.time.time", lambda: later)
    await store.prune()
    assert await store.album_items(StoredAlbum(7, "g", 1)) == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlite+aiosqlite:////proc/none/clipbot.db", "can't be used"),
        ("postgresql+asyncpg://me:s3cret@127.0.0.1:9/x", "can't be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_one_sentence(address: str, reason: str) -> None:
    with pytest.raises(SettingError) as refusal:
        await open_database(address)
    assert str(refusal.value).startswith("DATABASE_URL")
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is no database at all, but a text" * 99)
    with pytest.raises(SettingError, match="not a database"):
        await open_database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")


async def test_a_database_whose_driver_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'asyncpg'", name="asyncpg")

    monkeypatch.setattr("bot.storage.engine.database.create_async_engine", create)
    with pytest.raises(SettingError, match="DATABASE_URL needs asyncpg"):
        await open_database("postgresql+asyncpg://host/x")
