"""Albums whose items come one by one."""

import time
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select, update

from bot.runtime.clock import steady
from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import album_items, albums


@dataclass(frozen=True)
class Album:
    """An album as it stood when its newest item came.

    Attributes:
        serial: grows with each item that comes, in whatever order.
        asking_id: the item that was answered before; None the first time.
    """

    chat_id: int
    group_id: str
    revision: int
    asking_id: int | None = None


# Nothing is put off for longer, in seconds: what is due later than that was stored before the
# host's clock was set back.
_FARTHEST = 600.0


class Albums(Rows):
    """The tables `albums` and `album_items`. Due times are those of `bot.runtime.clock.steady`."""

    async def add_album_item(
        self,
        chat_id: int,
        group_id: str,
        message_id: int,
        message: bytes,
        *,
        user_id: int,
        edited: bool,
        revision: int,
        settle: float,
    ) -> None:
        """Keeps an item that is new here, and puts the album off for `settle` seconds more.

        Args:
            edited: it takes the place of what is there; a new item may come after its edit.
            serial: that of the album, unless it is greater already.
        """
        keys = {"chat_id": chat_id, "group_id": group_id, "message_id": message_id}
        item = {"user_id": user_id, "message": message}
        fresh = {"due_at": _in(settle), "serial": revision, "created_at": time.time()}
        greater = func.max if self._is_sqlite else func.greatest
        changes = {**fresh, "serial": greater(albums.c.serial + 1, revision)}
        album = {"chat_id": chat_id, "group_id": group_id}
        async with self._database.begin() as connection:
            if edited:
                await connection.execute(self._upsert_into(album_items, keys, item, item))
            else:
                done = await connection.execute(self._insert_once(album_items, keys, item))
                if not done.rowcount:
                    return  # it came once more
            await connection.execute(self._upsert_into(albums, album, fresh, changes))

    async def due_albums(self) -> list[Album]:
        """Albums that have settled."""
        now = steady()
        query = select(albums).where(or_(albums.c.due_at <= now, albums.c.due_at > now + _FARTHEST))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [Album(r.chat_id, r.group_id, r.serial, r.asking_id) for r in rows]

    async def next_album_due(self) -> float | None:
        """When the next album settles, by `bot.runtime.clock.steady`."""
        now = steady()
        due_at = case((albums.c.due_at > now + _FARTHEST, now), else_=albums.c.due_at)
        async with self._database.connect() as connection:
            found = await connection.execute(select(func.min(due_at)))
            value = found.scalar_one_or_none()
        return None if value is None else float(value)

    async def album_items(self, album: Album) -> list[bytes]:
        """An album's items, in the order of their messages."""
        query = (
            select(album_items.c.message)
            .where(album_items.c.chat_id == album.chat_id, album_items.c.group_id == album.group_id)
            .order_by(album_items.c.message_id)
        )
        async with self._database.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def put_off_album(self, album: Album, seconds: float | None) -> None:
        """Makes the album due in so many seconds, or with None no more; newer items win."""
        due_at = None if seconds is None else _in(seconds)
        async with self._database.begin() as connection:
            await connection.execute(
                update(albums)
                .where(
                    albums.c.chat_id == album.chat_id,
                    albums.c.group_id == album.group_id,
                    albums.c.serial == album.revision,
                )
                .values(due_at=due_at)
            )

    async def put_off_all_albums(self, seconds: float) -> None:
        """Gives albums that a crash cut short so many seconds for their other items to come."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(albums).where(albums.c.due_at.is_not(None)).values(due_at=_in(seconds))
            )

    async def album_asked_by(self, album: Album, message_id: int) -> None:
        """From now on the album's answer belongs to this item."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(albums)
                .where(albums.c.chat_id == album.chat_id, albums.c.group_id == album.group_id)
                .values(asking_id=message_id)
            )


def _in(seconds: float) -> float:
    return steady() + min(seconds, _FARTHEST)
