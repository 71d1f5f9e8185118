"""Two chat platforms in one database: what has the same ids on both is kept apart."""

import time
from dataclasses import replace

import pytest

from bot.platform.models import ClassifyRequest, Media, MessageRef
from bot.storage import (
    Database,
    Display,
    GameSettings,
    Profile,
    RoundKey,
    ScoreEntry,
    Store,
    claim,
)
from inference.protocol.errors import SettingError
from tests.bot.scripted import a_request

DISCORD = "discord"
CHAT, USER, MESSAGE = 7, 7, 1
MEDIA, OTHERS = (Media("file", "unique"),), (Media("other", "one"),)


@pytest.fixture
def telegram(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def discord(database: Database) -> Store:
    return Store(database, DISCORD)


def on_discord(request: ClassifyRequest) -> ClassifyRequest:
    return replace(request, platform=DISCORD)


async def test_each_platform_has_a_bot(database: Database) -> None:
    await claim(database, 42)
    await claim(database, 43, DISCORD)
    for platform, bot_id in (("telegram", 42), (DISCORD, 43)):
        await claim(database, bot_id, platform)
        with pytest.raises(SettingError, match=rf"another bot \(id {bot_id}\)"):
            await claim(database, 1, platform)


async def test_what_people_chose(telegram: Store, discord: Store) -> None:
    await telegram.set_labels(USER, ("a", "b"))
    await discord.set_language(USER, "es")
    assert await telegram.person(USER) == Profile(labels=("a", "b"))
    assert await discord.person(USER) == Profile("es")


async def test_questions_put_to_workers(telegram: Store, discord: Store) -> None:
    ours, theirs = a_request(), on_discord(a_request(labels=("a fox", "a cow")))
    await telegram.record_job(ours, "a queue")
    assert await discord.latest_job(CHAT, MESSAGE) is None
    assert await discord.jobs_in_flight(USER) == 0
    await discord.record_job(theirs, "a queue")
    for store, request in ((telegram, ours), (discord, theirs)):
        latest = await store.latest_job(CHAT, MESSAGE)
        last = await store.last_job(CHAT, USER)
        assert latest == last == await store.job(request.id)
        assert latest
        assert latest.fingerprint == request.fingerprint
        assert await store.jobs_in_flight(USER) == 1
        (one,) = await store.unanswered_since(time.time() + 1)
        assert one.request == request
        assert await store.unanswered_of_other_queues("another") == [one]
        assert len(await store.waiting_longer_than(-1)) == 1
        assert [waiting.id for waiting in await store.longest_waiting(9)] == [request.id]


@pytest.mark.parametrize(
    "change",
    [
        lambda store, job_id: store.mark_delivered(job_id),
        lambda store, job_id: store.mark_noticed(job_id),
        lambda store, job_id: store.mark_queued(job_id, "another"),
        lambda store, job_id: store.change_fingerprint(job_id, "changed"),
        lambda store, job_id: store.supersede(MessageRef(CHAT, MESSAGE), 9),
        lambda store, job_id: store.forget_job(job_id),
        lambda store, job_id: store.forget_person(USER),
        lambda store, job_id: store.take_back(CHAT, USER, 9),
        lambda store, job_id: store.record_answer(
            MessageRef(CHAT, MESSAGE), 55, is_chart=True, job_id=job_id
        ),
    ],
)
async def test_a_change_on_one_platform_changes_nothing_on_the_other(
    telegram: Store, discord: Store, change: object
) -> None:
    assert callable(change)
    await telegram.record_job(a_request(), "a queue")
    before = await telegram.job(a_request().id), await telegram.unanswered_since(time.time() + 1)
    await change(discord, a_request().id)  # even with the same id
    assert await telegram.job(a_request().id) == before[0]
    assert await telegram.unanswered_since(time.time() + 1) == before[1]
    assert len(await telegram.waiting_longer_than(-1)) == 1
    assert await telegram.unanswered_of_other_queues("another") == before[1]


async def test_a_question_goes_to_the_store_of_its_platform(
    telegram: Store, discord: Store
) -> None:
    for store, request in ((discord, a_request()), (telegram, on_discord(a_request()))):
        with pytest.raises(ValueError, match="a question of"):
            await store.record_job(request)


def test_the_platform_follows_from_a_questions_id() -> None:
    assert ClassifyRequest.message_of(a_request(3, revision=9).id) == ("telegram", USER, 3)
    assert ClassifyRequest.message_of(on_discord(a_request(3)).id) == (DISCORD, USER, 3)
    assert on_discord(a_request()).id == "discord.7.1.0"
    for wrong in ("", "1.2", "discord.1.2", "discord.x.1.2", f"discord.{2**63}.1.2", "a.b.1.2.3"):
        with pytest.raises(ValueError, match=r"not a question's id|invalid literal"):
            ClassifyRequest.message_of(wrong)


async def test_an_id_of_discords_size_fits(discord: Store) -> None:
    largest = 2**63 - 1
    place = MessageRef(largest, largest, largest)
    request = replace(on_discord(a_request(user_id=largest)), ref=place, revision=largest)
    await discord.record_job(request)
    record = await discord.job(request.id)
    assert record
    assert (record.ref, record.user_id, record.revision) == (place, largest, largest)


async def test_answers(telegram: Store, discord: Store) -> None:
    place = MessageRef(CHAT, MESSAGE)
    for store, request in ((telegram, a_request()), (discord, on_discord(a_request()))):
        await store.record_job(request)
    await telegram.record_answer(place, 55, is_chart=True)
    assert await discord.answer_to(CHAT, MESSAGE) is None
    assert await discord.job_answered_by(CHAT, 55) is None
    assert not await discord.is_answer(CHAT, 55)
    await discord.record_answer(place, 56, is_chart=False)
    answer = await telegram.answer_to(CHAT, MESSAGE)
    assert answer
    assert (answer.answer_id, answer.is_chart) == (55, True)
    assert not await telegram.is_answer(CHAT, 56)


async def test_questions_of_ours(telegram: Store, discord: Store) -> None:
    await telegram.record_question(CHAT, 100, USER, MEDIA)
    await telegram.record_answer(MessageRef(CHAT, 50), 100, is_chart=False)
    assert await discord.question(CHAT, 100) is None
    assert await discord.open_question(CHAT, USER) is None
    assert await discord.last_asked_at(CHAT, USER) == 0.0
    await discord.change_question(CHAT, 100, OTHERS)
    assert await discord.close_questions(CHAT, USER) == 0
    assert await telegram.open_question(CHAT, USER) == (100, MEDIA)
    await discord.record_question(CHAT, 100, USER, OTHERS)
    assert await telegram.question(CHAT, 100) == MEDIA
    assert await telegram.open_question(CHAT, USER, after=60) == (100, MEDIA)
    assert await discord.open_question(CHAT, USER, after=60) is None  # nothing it is a twin of


async def an_item(store: Store, message: bytes) -> None:
    await store.add_album_item(
        CHAT, "g", MESSAGE, message, user_id=USER, edited=False, revision=1, settle=-1
    )


async def test_albums(telegram: Store, discord: Store) -> None:
    await an_item(telegram, b"a photo")
    assert await discord.due_albums() == []
    assert await discord.next_album_due() is None
    await an_item(discord, b"another photo")
    (album,) = await telegram.due_albums()
    assert await discord.due_albums() == [album]
    assert await telegram.album_items(album) == [b"a photo"]
    assert await discord.album_items(album) == [b"another photo"]
    await discord.album_asked_by(album, MESSAGE)
    await discord.put_off_album(album, None)
    await discord.put_off_all_albums(60)
    await discord.forget_person(USER)
    assert await telegram.due_albums() == [album]
    assert await telegram.album_items(album) == [b"a photo"]


async def test_handled_updates(telegram: Store, discord: Store) -> None:
    await telegram.mark_handled("5")
    assert not await discord.is_handled("5")
    await discord.mark_handled("5")
    await discord.mark_handled("6")
    assert await telegram.is_handled("5")
    assert not await telegram.is_handled("6")


ROUND = RoundKey(home_id=1, chat_id=CHAT, thread_id=None, number=3)


async def test_rounds(telegram: Store, discord: Store) -> None:
    assert await telegram.add_round(ROUND, b"a state")
    assert await discord.round_at(CHAT, None) is None
    assert await discord.rounds_under_way() == []
    assert await discord.add_round(ROUND, b"another state")
    await discord.save_round(ROUND, b"a later state", now=1.0, game="duel", chart=b"jpeg")
    await discord.save_display(ROUND, Display(9))
    for store in (discord, telegram):
        (row,) = await store.rounds_under_way()
        assert row == await store.round_at(CHAT, None)
        assert row.key == ROUND
    assert (row.state, row.display, row.chart) == (b"a state", Display(), b"")
    await discord.drop_chart(ROUND)
    await discord.end_round(ROUND)
    await discord.move_chat(CHAT, 8)
    assert await telegram.round_at(CHAT, None) == row


async def wins(store: Store, points: int, home_id: int = 1) -> None:
    entry = ScoreEntry(USER, "Ann", "ann", points, 1, right=True)
    key = RoundKey(home_id, CHAT, None, 3)
    await store.save_round(key, b"", now=400.0, game="guess", gives=[entry])


async def test_scores_belong_to_a_home_on_a_platform(telegram: Store, discord: Store) -> None:
    await wins(telegram, 50)
    assert await discord.leaderboard(1) == []
    assert await discord.last_game(1) is None
    assert await discord.streak(1, USER) == 0
    await wins(discord, 20)
    await wins(telegram, 3, home_id=2)
    await discord.hide(USER)
    assert await discord.leaderboard(1) == []
    assert not await telegram.is_hidden(USER)
    assert [line.points for line in await telegram.leaderboard(1)] == [50]
    assert [line.points for line in await telegram.leaderboard(2)] == [3]
    assert await telegram.leaderboard(CHAT) == []  # the chat that they were won in
    await telegram.show_again(USER)
    assert await discord.is_hidden(USER)
    await discord.move_chat(1, 9)
    await discord.reset_scores(1)
    await discord.forget_scores(USER)
    await discord.forget_person(USER)
    assert [line.points for line in await telegram.leaderboard(1)] == [50]
    assert await telegram.streak(1, USER) == 1


async def test_a_group_that_moves_takes_only_its_own_platforms_scores(
    telegram: Store, discord: Store
) -> None:
    await wins(telegram, 50)
    await wins(discord, 20)
    await discord.set_game_settings(1, GameSettings(labels=3))
    await telegram.move_chat(1, 9)
    assert [line.points for line in await telegram.leaderboard(9)] == [50]
    assert [line.points for line in await discord.leaderboard(1)] == [20]
    assert (await discord.game_settings(1)).labels == 3
    assert await telegram.game_settings(9) == GameSettings()


async def test_settings_of_games(telegram: Store, discord: Store) -> None:
    await telegram.set_game_settings(1, GameSettings(0.5, "es", 3, admins_only=True))
    assert await discord.game_settings(1) == GameSettings()
    await discord.set_game_settings(1, GameSettings(2.0))
    assert (await telegram.game_settings(1)).pace == 0.5


async def test_old_rows_of_all_platforms_are_deleted(
    telegram: Store, discord: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for store in (telegram, discord):
        await store.mark_handled("5")
        await store.record_question(CHAT, 100, USER, MEDIA)
        await an_item(store, b"a photo")
        await store.add_round(ROUND, b"")
    later = time.time() + 49 * 3_600
    monkeypatch.setattr("time.time", lambda: later)
    await telegram.prune()
    for store in (telegram, discord):
        assert not await store.is_handled("5")
        assert await store.question(CHAT, 100) is None
        assert await store.due_albums() == []
        assert await store.rounds_under_way() == []
