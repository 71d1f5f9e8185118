"""Label sets, links to them, labels of groups and for the next picture; SQLite and PostgreSQL."""

import asyncio
import time

import pytest

from bot.storage import NEXT_SECONDS, SHARED_DAYS, Database, NamedLabels, Store

PETS, ANIMALS = ("a dog", "a cat"), ("a fox", "猫, 'quoted'")


async def saves(store: Store, name: str, labels: tuple[str, ...] = PETS, user_id: int = 7) -> bool:
    return await store.save_label_set(user_id, name.casefold(), name, labels, limit=3)


async def the_set(store: Store, name: str) -> NamedLabels:
    (found,) = [one for one in await store.label_sets(7) if one.name == name]
    return found


async def test_sets_are_kept_by_name_and_replaced(store: Store) -> None:
    assert await saves(store, "Pets")
    assert await saves(store, "b", user_id=8)
    before = await the_set(store, "Pets")
    assert await saves(store, "PETS", ANIMALS)
    (now,) = await store.label_sets(7)
    assert (now.name, now.labels) == ("PETS", ANIMALS)
    assert now.tag == before.tag  # buttons for it still mean it
    assert [one.name for one in await store.label_sets(8)] == ["b"]


async def test_the_number_of_sets_is_limited(store: Store) -> None:
    assert [await saves(store, name) for name in ("c", "a", "b", "d")] == [True, True, True, False]
    assert await saves(store, "A", ANIMALS)  # in place of one that is there
    assert [one.name for one in await store.label_sets(7)] == ["A", "b", "c"]


async def test_a_set_is_renamed_unless_the_name_is_taken(store: Store) -> None:
    for name in ("a", "b"):
        await saves(store, name)
    a, b = await store.label_sets(7)
    assert not await store.rename_label_set(7, a.tag, "b", "B")
    assert not await store.rename_label_set(8, a.tag, "c", "c")
    for _ in range(2):  # the same command again
        assert await store.rename_label_set(7, a.tag, "c", "C")
    assert [(one.name, one.tag) for one in await store.label_sets(7)] == [
        ("b", b.tag),
        ("C", a.tag),
    ]
    assert await store.rename_label_set(7, a.tag, "c", "c")  # only its case


async def test_a_set_is_deleted_with_its_links(store: Store) -> None:
    for name in ("a", "b"):
        await saves(store, name)
    a, b = await store.label_sets(7)
    tokens = [await store.share_label_set(7, one) for one in (a, b)]
    assert not await store.delete_label_set(8, a.tag)
    assert await store.delete_label_set(7, a.tag)
    assert not await store.delete_label_set(7, a.tag)
    assert await store.shared_set(tokens[0]) is None
    assert await store.shared_set(tokens[1]) == b
    assert await store.label_sets(7) == [b]


async def test_a_link_leads_to_the_set_as_it_was(store: Store) -> None:
    await saves(store, "a")
    first = await store.share_label_set(7, await the_set(store, "a"))
    assert len(first) == 16  # 96 bits
    assert await store.share_label_set(7, await the_set(store, "a")) == first
    await saves(store, "a", ANIMALS)
    second = await store.share_label_set(7, await the_set(store, "a"))
    assert second != first
    for token, labels in ((first, PETS), (second, ANIMALS)):
        shared = await store.shared_set(token)
        assert shared
        assert shared.labels == labels
    await store.rename_label_set(7, (await the_set(store, "a")).tag, "b", "B")
    renamed = await store.shared_set(first)
    assert renamed
    assert renamed.name == "B"
    assert await store.shared_set("x" * 500) is None


async def test_a_person_has_a_limited_number_of_links(store: Store) -> None:
    await saves(store, "a")
    tokens = []
    for number in range(45):
        await saves(store, "a", (f"label {number}",))
        tokens.append(await store.share_label_set(7, await the_set(store, "a")))
    works = [await store.shared_set(token) is not None for token in tokens]
    assert works == [False] * 5 + [True] * 40


async def test_a_link_ends_after_some_months(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await saves(store, "a")
    token = await store.share_label_set(7, await the_set(store, "a"))
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + (SHARED_DAYS - 1) * 86_400)
    await store.prune()
    assert await store.shared_set(token)
    monkeypatch.setattr("time.time", lambda: now + (SHARED_DAYS + 1) * 86_400)
    assert await store.shared_set(token) is None
    await store.prune()
    monkeypatch.setattr("time.time", lambda: now)
    assert await store.shared_set(token) is None
    assert len(await store.label_sets(7)) == 1


async def test_a_groups_labels(store: Store) -> None:
    assert await store.group_labels(-100) == ()
    await store.set_group_labels(-100, PETS)
    assert await store.group_labels(-100) == PETS
    await store.set_group_labels(-100, ())
    assert await store.group_labels(-100) == ()


async def chooses(store: Store, labels: tuple[str, ...], message: int, at: float = 0.0) -> None:
    await store.choose_next_labels(-100, 7, labels, chosen_id=message, at=at)


async def test_chosen_labels_are_for_one_picture(store: Store) -> None:
    assert await store.next_labels(-100, 7, 9, 0.0) == ()
    await chooses(store, PETS, 10)
    assert await store.next_labels(-100, 7, 9, 0.0) == ()  # sent before the choice
    assert await store.next_labels(-100, 8, 11, 1.0) == ()
    for _ in range(2):  # the same picture again, after a crash
        assert await store.next_labels(-100, 7, 11, 1.0) == PETS
    await chooses(store, PETS, 10)  # the same choice again, after a crash
    assert await store.next_labels(-100, 7, 12, 1.0) == ()
    await chooses(store, ANIMALS, 13, 2.0)
    assert await store.next_labels(-100, 7, 14, 2.0 + NEXT_SECONDS + 1) == ()
    assert await store.next_labels(-100, 7, 14, 2.0 + NEXT_SECONDS) == ANIMALS


async def test_of_two_pictures_at_once_one_gets_the_chosen_labels(store: Store) -> None:
    await chooses(store, PETS, 10)
    got = await asyncio.gather(*(store.next_labels(-100, 7, 11 + n, 1.0) for n in range(5)))
    assert sorted(got) == [(), (), (), (), PETS]


async def test_all_of_this_is_forgotten_with_the_person(store: Store) -> None:
    for user_id in (7, 8):
        await saves(store, "a", user_id=user_id)
    (mine,), (theirs,) = await store.label_sets(7), await store.label_sets(8)
    token, others = await store.share_label_set(7, mine), await store.share_label_set(8, theirs)
    await chooses(store, PETS, 10)
    await store.forget_person(7)
    assert await store.label_sets(7) == []
    assert await store.shared_set(token) is None
    assert await store.next_labels(-100, 7, 11, 1.0) == ()
    assert await store.label_sets(8) == [theirs]
    assert await store.shared_set(others) == theirs


async def test_a_group_that_moves_keeps_its_labels_and_numbers_messages_again(
    store: Store,
) -> None:
    await chooses(store, PETS, 10)
    await store.set_group_labels(-100, PETS)
    await store.move_chat(-100, -200)
    assert await store.group_labels(-200) == PETS
    assert await store.group_labels(-100) == ()
    assert await store.next_labels(-100, 7, 11, 1.0) == ()
    assert await store.next_labels(-200, 7, 11, 1.0) == ()


async def test_each_platform_has_its_own(database: Database) -> None:
    telegram, discord = Store(database), Store(database, "discord")
    await saves(telegram, "a")
    (mine,) = await telegram.label_sets(7)
    token = await telegram.share_label_set(7, mine)
    await telegram.set_group_labels(-100, PETS)
    await chooses(telegram, PETS, 10)
    assert await discord.label_sets(7) == []
    assert await discord.shared_set(token) is None
    assert await discord.group_labels(-100) == ()
    assert await discord.next_labels(-100, 7, 11, 1.0) == ()
    assert not await discord.rename_label_set(7, mine.tag, "b", "b")
    assert not await discord.delete_label_set(7, mine.tag)
    await discord.forget_person(7)
    assert await telegram.label_sets(7) == [mine]
    assert await telegram.shared_set(token) == mine
    assert await telegram.next_labels(-100, 7, 11, 1.0) == PETS
