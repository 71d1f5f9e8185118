"""What people chose: language, labels, template."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from bot.storage.engine.part import StorePart, here
from bot.storage.engine.tables import people

_PROFILE = select(people).where(here(people), people.c.user_id == bindparam("user_id"))


@dataclass(frozen=True)
class Profile:
    """What a person chose, and the hints that they were given. Empty if they chose nothing."""

    language: str | None = None
    labels: tuple[str, ...] = ()
    template: str | None = None
    hints: tuple[str, ...] = ()


class PeopleTable(StorePart):
    """The table `people`."""

    async def person(self, user_id: int) -> Profile:
        """Return what this person chose."""
        row = await self._first(_PROFILE, user_id=user_id)
        if row is None:
            return Profile()
        labels, hints = (tuple(json.loads(each or "[]")) for each in (row.labels, row.hints))
        return Profile(row.language, labels, row.template, hints)

    async def set_labels(self, user_id: int, labels: Sequence[str]) -> None:
        """Store the person's labels; none forgets them."""
        text = json.dumps(list(labels), ensure_ascii=False) if labels else None
        await self._upsert(people, {"user_id": user_id}, {"labels": text})

    async def set_template(self, user_id: int, template: str | None) -> None:
        """Store the person's template; with None, labels are used as typed."""
        await self._upsert(people, {"user_id": user_id}, {"template": template})

    async def set_language(self, user_id: int, language: str) -> None:
        """Store the language to speak with this person."""
        await self._upsert(people, {"user_id": user_id}, {"language": language})

    async def note_hint(self, user_id: int, hint: str) -> None:
        """Store that the person was given a hint, which nobody is given twice."""
        given = (await self.person(user_id)).hints
        if hint not in given:
            await self._upsert(people, {"user_id": user_id}, {"hints": json.dumps([*given, hint])})

    async def hinted_people(self, hint: str) -> int:
        """Return how many people were given a hint, on all platforms."""
        row = await self._first(
            select(func.count()).select_from(people).where(people.c.hints.contains(f'"{hint}"'))
        )
        return int(row[0]) if row else 0
