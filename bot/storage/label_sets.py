"""Label sets, links to them, and the labels of a group and of the next picture."""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, select, update

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import homes, label_sets, next_labels, shared_sets

SHARED_DAYS = 90
# How many links of one person work at the same time; with one more, the oldest ends. Twice as many
# as sets, because a set that was changed after it was shared gets a second link.
_MAX_LINKS = 40
# A picture takes chosen labels for this long, in seconds.
NEXT_SECONDS = 900.0


@dataclass(frozen=True)
class NamedLabels:
    """Labels under a name.

    Attributes:
        name: 1..32 characters, as typed.
        tag: names the set in buttons: it stays when the set is renamed. Up to 16 of A-Z, a-z, 0-9,
            _ and -.
    """

    name: str
    labels: tuple[str, ...]
    tag: str = ""


class LabelSetTables(StorePart):
    """The tables `label_sets`, `shared_sets` and `next_labels`, and the labels in `homes`.

    `key` is a name that other spellings of it share, see `bot.chat.label_sets.names`.
    """

    async def label_sets(self, user_id: int) -> list[NamedLabels]:
        """Return a person's sets, in the order of their names."""
        theirs = here(label_sets), label_sets.c.user_id == user_id
        rows = await self._all(select(label_sets).where(*theirs).order_by(label_sets.c.key))
        return [NamedLabels(row.name, _read(row.labels), row.tag) for row in rows]

    async def save_label_set(
        self, user_id: int, key: str, name: str, labels: Sequence[str], *, limit: int
    ) -> bool:
        """Keep a set, in place of the one with this key; False if the person has `limit` others."""
        theirs = here(label_sets), label_sets.c.user_id == user_id
        values = {"name": name, "labels": _written(labels)}
        fresh = {**values, "tag": secrets.token_urlsafe(6), "created_at": time.time()}
        async with self._database.begin() as connection:
            query = select(func.count()).where(*theirs, label_sets.c.key != key)
            if ((await connection.execute(query, self._bound)).scalar() or 0) >= limit:
                return False
            await connection.execute(
                self._upsert_into(label_sets, {"user_id": user_id, "key": key}, fresh, values)
            )
        return True

    async def rename_label_set(self, user_id: int, tag: str, key: str, name: str) -> bool:
        """Rename a set; False if it is gone, or if another one has the new name."""
        other = label_sets.alias()
        is_taken = exists().where(
            other.c.platform == label_sets.c.platform,
            other.c.user_id == user_id,
            other.c.key == key,
            other.c.tag != tag,
        )
        renamed = update(label_sets).where(_of(label_sets, user_id, tag), ~is_taken)
        shared = update(shared_sets).where(_of(shared_sets, user_id, tag))
        async with self._database.begin() as connection:
            done = await connection.execute(renamed.values(key=key, name=name), self._bound)
            if done.rowcount:
                await connection.execute(shared.values(name=name), self._bound)
        return bool(done.rowcount)

    async def delete_label_set(self, user_id: int, tag: str) -> bool:
        """Delete a set and its links; False if it is gone."""
        async with self._database.begin() as connection:
            done = [
                await connection.execute(delete(table).where(_of(table, user_id, tag)), self._bound)
                for table in (label_sets, shared_sets)
            ]
        return bool(done[0].rowcount)

    async def share_label_set(self, user_id: int, shared: NamedLabels) -> str:
        """Return the token of a link to a set as it is now; the same for the same labels.

        The link works for `SHARED_DAYS` from now on.
        """
        labels, now = _written(shared.labels), time.time()
        same = and_(_of(shared_sets, user_id, shared.tag), shared_sets.c.labels == labels)
        theirs = and_(here(shared_sets), shared_sets.c.user_id == user_id)
        newest = (
            select(shared_sets.c.token)
            .where(theirs)
            .order_by(shared_sets.c.created_at.desc())
            .limit(_MAX_LINKS)
        )
        async with self._database.begin() as connection:
            query = select(shared_sets.c.token).where(same)
            found: str | None = (await connection.execute(query, self._bound)).scalar()
            token = found or secrets.token_urlsafe(12)  # 96 bits
            values = {
                "user_id": user_id,
                "tag": shared.tag,
                "name": shared.name,
                "labels": labels,
                "created_at": now,
            }
            await connection.execute(
                self._upsert_into(shared_sets, {"token": token}, values, {"created_at": now})
            )
            await connection.execute(
                delete(shared_sets).where(theirs, shared_sets.c.token.not_in(newest)), self._bound
            )
        return token

    async def shared_set(self, token: str) -> NamedLabels | None:
        """Return what a link leads to; None if it does not work any more."""
        row = await self._first(
            select(shared_sets).where(
                here(shared_sets),
                shared_sets.c.token == token,
                shared_sets.c.created_at > time.time() - SHARED_DAYS * 86_400,
            )
        )
        return None if row is None else NamedLabels(row.name, _read(row.labels), row.tag)

    async def group_labels(self, home_id: int) -> tuple[str, ...]:
        """Return what a group's admins chose for everybody; empty: nothing."""
        query = select(homes.c.labels).where(here(homes), homes.c.home_id == home_id)
        row = await self._first(query)
        return _read(row.labels or "[]") if row else ()

    async def set_group_labels(self, home_id: int, labels: Sequence[str]) -> None:
        """Store what a group's admins chose for everybody; none forgets them."""
        text = _written(labels) if labels else None
        await self._upsert(homes, {"home_id": home_id}, {"labels": text})

    async def choose_next_labels(
        self, chat_id: int, user_id: int, labels: Sequence[str], *, chosen_id: int, at: float
    ) -> None:
        """Store labels for a person's next picture in a chat. A message that comes twice acts once.

        Args:
            chosen_id: the message that chose them.
            at: when it was sent.
        """
        values = {
            "labels": _written(labels),
            "chosen_id": chosen_id,
            "used_by": None,
            "created_at": at,
        }
        keys = {"chat_id": chat_id, "user_id": user_id}
        inserting = self._inserting(next_labels, keys, values)
        statement = inserting.on_conflict_do_update(
            index_elements=[column.name for column in next_labels.primary_key],
            set_=values,
            where=next_labels.c.chosen_id < chosen_id,
        )
        async with self._database.begin() as connection:
            await connection.execute(statement)

    async def next_labels(
        self, chat_id: int, user_id: int, message_id: int, at: float
    ) -> tuple[str, ...]:
        """Return the labels that were chosen for this picture: the first one after the choice.

        The same message gets them again, another one does not.

        Args:
            message_id: the message with the picture.
            at: when it was sent.
        """
        theirs = and_(
            here(next_labels), next_labels.c.chat_id == chat_id, next_labels.c.user_id == user_id
        )
        row = await self._first(select(next_labels).where(theirs))
        if row is None or not (row.used_by is None or row.used_by == message_id):
            return ()
        is_next = row.chosen_id < message_id and at - row.created_at <= NEXT_SECONDS
        if row.used_by is None and not (
            is_next
            and await self._change(
                update(next_labels)
                .where(theirs, next_labels.c.chosen_id == row.chosen_id)
                .where(next_labels.c.used_by.is_(None))
                .values(used_by=message_id)
            )
        ):
            return ()
        return _read(row.labels)


def _of(table: Table, user_id: int, tag: str) -> ColumnElement[bool]:
    return and_(here(table), table.c.user_id == user_id, table.c.tag == tag)


def _written(labels: Sequence[str]) -> str:
    return json.dumps(list(labels), ensure_ascii=False)


def _read(labels: str) -> tuple[str, ...]:
    return tuple(json.loads(labels))
