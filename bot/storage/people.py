"""What people chose: language, labels, template."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from bot.storage.engine.rows import Rows
from bot.storage.engine.tables import people

_PERSON = select(people).where(people.c.user_id == bindparam("user_id"))


@dataclass(frozen=True)
class Person:
    """What somebody chose. Empty where they chose nothing."""

    language: str | None = None
    labels: tuple[str, ...] = ()
    template: str | None = None


class People(Rows):
    """The table `people`."""

    async def person(self, user_id: int) -> Person:
        """What this person chose."""
        async with self._database.connect() as connection:
            row = (await connection.execute(_PERSON, {"user_id": user_id})).one_or_none()
        if row is None:
            return Person()
        return Person(row.language, tuple(json.loads(row.labels or "[]")), row.template)

    async def set_labels(self, user_id: int, labels: Sequence[str]) -> None:
        """Stores labels; none forgets them."""
        text = json.dumps(list(labels), ensure_ascii=False) if labels else None
        await self._upsert(people, {"user_id": user_id}, {"labels": text})

    async def set_template(self, user_id: int, template: str | None) -> None:
        """Stores a template; None uses labels as typed."""
        await self._upsert(people, {"user_id": user_id}, {"template": template})

    async def set_language(self, user_id: int, language: str) -> None:
        """Stores the language to speak with this person."""
        await self._upsert(people, {"user_id": user_id}, {"language": language})
