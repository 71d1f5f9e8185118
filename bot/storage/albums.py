"""Albums whose items come one by one."""

import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update

from bot.runtime.clock import steady
from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import album_items, albums


@dataclass(frozen=True)
class StoredAlbum:
    """An album as it was when its newest item came.

    Attributes:
        revision: grows with each item that comes, in whatever order.
        asking_id: the item that was answered before; None the first time.
    """

    chat_id: int
    group_id: str
    revision: int
    asking_id: int | None = None


# No album is due later than this, in seconds. A later due time was stored before the host's clock
# was set back.
_FARTHEST = 600.0


class AlbumTables(StorePart):
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
        """Store an item that is new here, and put the album off for `settle` seconds.

        Args:
            edited: replace what is there. A new item that comes after its edit changes nothing.
            revision: becomes that of the album, unless the album's is greater already.
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
                    return  # it was delivered twice
            await connection.execute(self._upsert_into(albums, album, fresh, changes))

    async def due_albums(self) -> list[StoredAlbum]:
        """Return the albums that have settled."""
        now = steady()
        is_due = or_(albums.c.due_at <= now, albums.c.due_at > now + _FARTHEST)
        rows = await self._all(select(albums).where(here(albums), is_due))
        return [StoredAlbum(r.chat_id, r.group_id, r.serial, r.asking_id) for r in rows]

    async def next_album_due(self) -> float | None:
        """Return when the next album settles, by `bot.runtime.clock.steady`."""
        now = steady()
        due_at = case((albums.c.due_at > now + _FARTHEST, now), else_=albums.c.due_at)
        row = await self._first(select(func.min(due_at)).where(here(albums)))
        return None if row is None or row[0] is None else float(row[0])

    async def album_items(self, album: StoredAlbum) -> list[bytes]:
        """Return an album's items, in the order of their messages."""
        query = (
            select(album_items.c.message)
            .where(
                here(album_items),
                album_items.c.chat_id == album.chat_id,
                album_items.c.group_id == album.group_id,
            )
            .order_by(album_items.c.message_id)
        )
        return [row.message for row in await self._all(query)]

    async def put_off_album(self, album: StoredAlbum, seconds: float | None) -> None:
        """Make the album due in `seconds`; None: not due.

        A newer item has set its own time, and an album that was taken back is never due again.
        """
        due_at = None if seconds is None else _in(seconds)
        is_as_it_was = albums.c.serial == album.revision, albums.c.due_at.is_not(None)
        await self._change(update(albums).where(_is(album), *is_as_it_was).values(due_at=due_at))

    async def is_settling(self, album: StoredAlbum) -> bool:
        """Return whether the workers are still to be asked about an album.

        False once its person has taken it back.
        """
        query = select(albums.c.due_at).where(_is(album), albums.c.due_at.is_not(None))
        return await self._first(query) is not None

    async def settling_albums(self, chat_id: int, user_id: int) -> int:
        """Return how many albums of a person in a chat the workers are not asked about yet."""
        row = await self._first(
            select(func.count()).select_from(albums).where(settling_of(chat_id, user_id))
        )
        return int(row[0]) if row else 0

    async def put_off_all_albums(self, seconds: float) -> None:
        """Make all waiting albums due in `seconds`.

        After a crash, the items that had not come yet need that time.
        """
        await self._change(
            update(albums)
            .where(here(albums), albums.c.due_at.is_not(None))
            .values(due_at=_in(seconds))
        )

    async def album_asked_by(self, album: StoredAlbum, message_id: int) -> None:
        """Store which item the album's answer replies to."""
        await self._change(update(albums).where(_is(album)).values(asking_id=message_id))


def settling_of(chat_id: int, user_id: int) -> ColumnElement[bool]:
    """Match the albums of a person in a chat that are due some time."""
    theirs = exists().where(
        album_items.c.platform == albums.c.platform,
        album_items.c.chat_id == albums.c.chat_id,
        album_items.c.group_id == albums.c.group_id,
        album_items.c.user_id == user_id,
    )
    return and_(here(albums), albums.c.chat_id == chat_id, albums.c.due_at.is_not(None), theirs)


def _in(seconds: float) -> float:
    return steady() + min(seconds, _FARTHEST)


def _is(album: StoredAlbum) -> ColumnElement[bool]:
    return and_(
        here(albums), albums.c.chat_id == album.chat_id, albums.c.group_id == album.group_id
    )
