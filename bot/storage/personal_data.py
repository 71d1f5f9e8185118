"""What is stored about a person: shown to them as it is, and deleted when they want that.

One list of tables drives both, so that neither forgets one. Running rounds are states of games,
which `bot.games` shows and changes.
"""

import asyncio
import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Executable,
    LargeBinary,
    Row,
    Table,
    and_,
    delete,
    exists,
    select,
    tuple_,
    union,
    update,
)

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import (
    album_items,
    albums,
    answers,
    hidden,
    jobs,
    label_sets,
    next_labels,
    people,
    players,
    questions,
    scores,
    shared_sets,
)

# Of each table, the newest rows are shown: a file that a chat takes must also fit into memory.
MOST_ROWS = 5_000

Condition = Callable[[int], ColumnElement[bool]]
Forgetting = Callable[[Table, ColumnElement[bool]], list[Executable]]

# These tables say nothing about a person, or are shown and forgotten elsewhere.
WITHOUT_PEOPLE = {
    "owner": "the bot itself",
    "handled": "numbers of updates",
    "game_settings": "what a group chose",
    "homes": "what a group chose, and whether the bot is there",
    "rounds": "states of games, which `bot.games.rounds` shows and forgets",
}


def _all_of(table: Table, theirs: ColumnElement[bool]) -> list[Executable]:
    return [delete(table).where(here(table), theirs)]


def _answered_jobs(table: Table, theirs: ColumnElement[bool]) -> list[Executable]:
    return [
        delete(table).where(here(table), theirs, jobs.c.delivered_at.is_not(None)),
        # Jobs in the queue are still answered, but no later message can mean their pictures.
        update(table).where(here(table), theirs).values(fingerprint=""),
    ]


def _nothing(_table: Table, _theirs: ColumnElement[bool]) -> list[Executable]:
    """Keep it: a hidden person who wants to be forgotten does not want to be seen again."""
    return []


@dataclass(frozen=True)
class PersonalTable:
    """A table with rows about people.

    Attributes:
        name: what it is called in the file.
        newest: rows with greater values are newer.
        theirs: matches the rows about a person.
        forget: returns the statements that delete them.
    """

    name: str
    table: Table
    newest: Column[Any]
    theirs: Condition
    forget: Forgetting = _all_of


def _by_user(table: Table) -> Condition:
    return lambda user_id: table.c.user_id == user_id


def _answers_to(user_id: int) -> ColumnElement[bool]:
    """Match the answers to a person's messages, found by indexes: the table may be long."""
    asked = select(jobs.c.chat_id, jobs.c.message_id).where(here(jobs), jobs.c.user_id == user_id)
    items = select(album_items.c.chat_id, album_items.c.message_id).where(
        here(album_items), album_items.c.user_id == user_id
    )
    ours = answers.alias()
    asked_back = select(ours.c.chat_id, ours.c.message_id).join(
        questions,
        and_(
            here(questions),
            questions.c.user_id == user_id,
            questions.c.platform == ours.c.platform,
            questions.c.chat_id == ours.c.chat_id,
            questions.c.question_id == ours.c.answer_id,
        ),
    )
    # Hints to messages that asked nothing, in a private chat. On Telegram, it has the person's own
    # id; elsewhere such a row names nobody, and goes after `MEMORY_HOURS`.
    hints = select(ours.c.chat_id, ours.c.message_id).where(here(ours), ours.c.chat_id == user_id)
    theirs = union(asked, items, asked_back, hints)
    return tuple_(answers.c.chat_id, answers.c.message_id).in_(theirs)


def _albums_of(user_id: int) -> ColumnElement[bool]:
    """Match the albums of which each item is the person's."""
    theirs = select(album_items.c.chat_id, album_items.c.group_id).where(
        here(album_items), album_items.c.user_id == user_id
    )
    others = exists().where(
        album_items.c.platform == albums.c.platform,
        album_items.c.chat_id == albums.c.chat_id,
        album_items.c.group_id == albums.c.group_id,
        album_items.c.user_id != user_id,
    )
    return and_(tuple_(albums.c.chat_id, albums.c.group_id).in_(theirs), ~others)


# In the order in which they are forgotten: first the rows that are found by rows of other tables.
PERSONAL = (
    PersonalTable("answers_to_you", answers, answers.c.created_at, _answers_to),
    PersonalTable("albums", albums, albums.c.created_at, _albums_of),
    PersonalTable("album_items", album_items, album_items.c.message_id, _by_user(album_items)),
    PersonalTable("asked_by_the_bot", questions, questions.c.created_at, _by_user(questions)),
    PersonalTable("asked_by_you", jobs, jobs.c.created_at, _by_user(jobs), _answered_jobs),
    PersonalTable("preferences", people, people.c.user_id, _by_user(people)),
    PersonalTable("label_sets", label_sets, label_sets.c.created_at, _by_user(label_sets)),
    PersonalTable("shared_sets", shared_sets, shared_sets.c.created_at, _by_user(shared_sets)),
    PersonalTable("next_labels", next_labels, next_labels.c.created_at, _by_user(next_labels)),
    PersonalTable("scores", scores, scores.c.at, _by_user(scores)),
    PersonalTable("names_in_leaderboards", players, players.c.home_id, _by_user(players)),
    PersonalTable(
        "hidden_in_leaderboards", hidden, hidden.c.user_id, _by_user(hidden), forget=_nothing
    ),
)


class PersonalTables(StorePart):
    """All tables in which people occur."""

    async def data_of(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """Return all rows about a person, readable, by `PersonalTable.name`; the newest first.

        A list has at most `MOST_ROWS` rows.
        """
        found = {}
        for one in PERSONAL:
            query = select(one.table).where(here(one.table), one.theirs(user_id))
            rows = await self._all(query.order_by(one.newest.desc()).limit(MOST_ROWS))
            # In a thread: thousands of rows would keep everybody waiting for half a second.
            found[one.name] = await asyncio.to_thread(_readable, one.table, rows)
        return found

    async def forget_person(self, user_id: int) -> None:
        """Delete everything about a person, except jobs in the queue, which end as usual.

        A hidden person stays hidden.
        """
        async with self._database.begin() as connection:
            for one in PERSONAL:
                for statement in one.forget(one.table, one.theirs(user_id)):
                    await connection.execute(statement, self._bound)


_unpack = msgspec.msgpack.Decoder()
_JSON = (
    *(people.c.labels, people.c.hints, jobs.c.labels, album_items.c.message),
    *(label_sets.c.labels, shared_sets.c.labels, next_labels.c.labels),
)
_FLAGS = answers.c.is_chart, questions.c.is_open


def _readable(table: Table, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Return rows with their values as people read them; empty columns are left out."""
    columns = [
        (column.key, index, _reader_of(column))
        for index, column in enumerate(table.c)
        if column.key != "platform"
    ]
    return [
        {name: read(row[index]) for name, index, read in columns if row[index] is not None}
        for row in rows
    ]


def _reader_of(column: Column[Any]) -> Callable[[Any], Any]:
    if column in set(_JSON):
        return _forgiving(json.loads)
    if column in set(_FLAGS):
        return bool
    if isinstance(column.type, LargeBinary):
        return _forgiving(_unpack.decode)
    if column.key == "at" or column.key.endswith("_at"):
        return _moment
    return lambda value: value


def _forgiving(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a reader that returns a value as it is stored if `read` fails."""

    def reading(value: Any) -> Any:
        try:
            return read(value)
        except (msgspec.DecodeError, ValueError):
            return value

    return reading


def _moment(seconds: float) -> str:
    """Return a Unix time in ISO 8601."""
    return datetime.datetime.fromtimestamp(round(seconds), datetime.UTC).isoformat()
