"""What is stored about a person is shown to them whole, and deleted whole."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.platform.models import Media, MessageRef
from bot.storage import MOST_ROWS, Database, RoundKey, ScoreEntry, Store
from bot.storage.engine.tables import hidden, jobs, metadata, scores
from bot.storage.personal_data import PERSONAL, WITHOUT_PEOPLE
from tests.bot.scripted import a_request

ANN, BOB, GROUP, DIRECT = 7, 8, -100, 555_000
MEDIA = (Media("file", "unique", 100),)
WHEN = 1_790_000_000.0
ISO = "2026-09-21T14:13:20+00:00"


def test_each_table_is_shown_and_forgotten_or_says_why_not() -> None:
    personal = {one.table.name for one in PERSONAL}
    assert personal.isdisjoint(WITHOUT_PEOPLE)
    assert personal | set(WITHOUT_PEOPLE) == set(metadata.tables)
    names = [one.name for one in PERSONAL]
    assert len(set(names)) == len(names)


def test_a_table_with_a_person_can_not_say_that_it_has_none() -> None:
    with_people = {name for name, table in metadata.tables.items() if "user_id" in table.c}
    assert with_people == {one.table.name for one in PERSONAL} - {"answers", "albums"}


async def lives(store: Store, person: int, chat: int, *, number: int = 1) -> None:
    """Let a person do everything of which something is stored."""
    await store.set_labels(person, ("a dog", "a cat"))
    await store.set_language(person, "es")
    await store.save_label_set(person, "pets", "Pets", ("a dog",), limit=9)
    (pets,) = await store.label_sets(person)
    await store.share_label_set(person, pets)
    await store.choose_next_labels(chat, person, ("a cow",), chosen_id=number, at=WHEN)
    asked = replace(a_request(number, user_id=person), ref=MessageRef(chat, number))
    await store.record_job(asked)
    await store.record_answer(asked.ref, 900 + number, is_chart=True, job_id=asked.id)
    await store.record_question(chat, 800 + number, person, MEDIA)
    await store.record_answer(MessageRef(chat, 50 + number), 800 + number, is_chart=False)
    message = json.dumps({"message_id": number + 20, "from": {"id": person}}).encode()
    await store.add_album_item(
        chat, f"g{number}", number + 20, message,
        user_id=person, edited=False, revision=1, settle=-1,
    )  # fmt: skip
    await store.record_answer(MessageRef(chat, number + 20), 700 + number, is_chart=False)
    entry = ScoreEntry(person, "Ann", "ann", 50, 1, right=True)
    key = RoundKey(GROUP, GROUP, None, number)
    await store.save_round(key, b"", now=WHEN, game="guess", gives=[entry])
    await store.hide(person)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: WHEN)


def counts(data: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    return {name: len(rows) for name, rows in data.items()}


async def test_a_person_sees_all_of_their_rows_and_no_others(store: Store) -> None:
    await lives(store, ANN, ANN)
    await lives(store, BOB, GROUP, number=2)
    data = await store.data_of(ANN)
    assert counts(data) == {one.name: 1 for one in PERSONAL} | {"answers_to_you": 3}
    assert data["preferences"] == [{"user_id": ANN, "language": "es", "labels": ["a dog", "a cat"]}]
    (asked,) = data["asked_by_you"]
    assert asked["media"] == [
        {
            "file_id": "file",
            "unique_id": "unique",
            "size": 100,
            "number": 0,
            "skipped": [],
            "has_spoiler": False,
        }
    ]
    assert asked["created_at"] == asked["delivered_at"] == ISO
    assert data["scores"][0]["at"] == ISO
    assert data["scores"][0]["points"] == 50
    assert data["album_items"][0]["message"] == {"message_id": 21, "from": {"id": ANN}}
    assert data["label_sets"][0]["labels"] == ["a dog"]
    assert [answer["is_chart"] for answer in data["answers_to_you"]].count(True) == 1
    assert "platform" not in asked
    assert json.dumps(data)  # nothing in it is binary
    theirs = await store.data_of(BOB)
    assert counts(theirs) == counts(data)
    assert "file" not in json.dumps(await store.data_of(9))


async def test_what_is_forgotten_is_what_is_shown(store: Store, database: Database) -> None:
    await lives(store, ANN, ANN)
    await lives(store, BOB, GROUP, number=2)
    before = await store.data_of(BOB)
    await store.forget_person(ANN)
    left = {name: rows for name, rows in (await store.data_of(ANN)).items() if rows}
    assert left == {"hidden_in_leaderboards": [{"user_id": ANN}]}
    assert await store.data_of(BOB) == before
    async with database.connect() as connection:
        for table in metadata.sorted_tables:
            if "user_id" in table.c and table is not hidden:
                query = select(table).where(table.c.user_id == ANN)
                assert (await connection.execute(query)).all() == []


async def test_a_private_chat_need_not_have_the_persons_own_id(store: Store) -> None:
    """As on Discord."""
    await lives(store, ANN, DIRECT)
    assert len((await store.data_of(ANN))["answers_to_you"]) == 3
    await store.forget_person(ANN)
    for message in (1, 21, 51):
        assert await store.answer_to(DIRECT, message) is None
    assert await store.due_albums() == []


async def test_the_other_platforms_person_with_the_same_id_is_another(
    store: Store, database: Database
) -> None:
    discord = Store(database, "discord")
    await lives(store, ANN, ANN)
    assert set(counts(await discord.data_of(ANN)).values()) == {0}
    before = await store.data_of(ANN)
    await discord.forget_person(ANN)
    assert await store.data_of(ANN) == before


async def test_a_waiting_picture_is_shown_and_forgotten_only_as_far_as_possible(
    store: Store,
) -> None:
    await store.record_job(a_request())
    (asked,) = (await store.data_of(ANN))["asked_by_you"]
    assert asked["labels"] == ["a dog", "a cat"]
    assert "delivered_at" not in asked
    await store.forget_person(ANN)
    (still,) = (await store.data_of(ANN))["asked_by_you"]
    assert still["fingerprint"] == ""


async def test_the_newest_rows_are_shown_if_there_are_too_many(
    store: Store, database: Database
) -> None:
    row = {"platform": "telegram", "user_id": ANN, "game": "duel", "points": 1, "place": 0}
    many = [
        {**row, "chat_id": GROUP, "round_id": number, "at": WHEN + number}
        for number in range(MOST_ROWS + 5)
    ]
    renamed = [{("home_id" if k == "chat_id" else k): v for k, v in one.items()} for one in many]
    async with database.begin() as connection:
        await connection.execute(insert(scores), renamed)
    found = (await store.data_of(ANN))["scores"]
    assert len(found) == MOST_ROWS
    assert found[0]["round_id"] == MOST_ROWS + 4


async def test_what_can_not_be_read_is_shown_as_it_is(store: Store, database: Database) -> None:
    await store.record_job(a_request())
    async with database.begin() as connection:
        await connection.execute(jobs.update().values(media=b"\xc1", labels="not json"))
    (asked,) = (await store.data_of(ANN))["asked_by_you"]
    assert asked["media"] == b"\xc1"
    assert asked["labels"] == "not json"
