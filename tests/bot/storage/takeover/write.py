# mypy: ignore-errors
"""Writes `database.sql` and `queue.json` beside this file, with the code of commit 1aec034.

That is the last commit before the code was sorted into folders by subject. It does not run with
later code: put that commit's folder on PYTHONPATH. The numbers show what is what:

    Alice 7, Bob 8, Carol 9 (hidden); Alice's private chat 7; the group -100 with the topics 5 and 6
    messages of theirs below 100; messages of ours above 100
"""

import asyncio
import base64
import json
import sqlite3
import tempfile
import time
from pathlib import Path

from bot.arena.jobs import GameJobs
from bot.asks import Ask, Media, Place
from bot.embedded.nats_server import NatsServer
from bot.games.events import Award, Pressed, Said, Sent, Shown
from bot.inbox import Inbox
from bot.intake import Intake
from bot.metrics import Metrics
from bot.store import Display, GameSettings, Store, claim, open_database
from inference.contract import ImageOutcome, Reply, Result, encode
from inference.queue import JOBS, RESULTS, UPDATES, Queue, connect, results_subject
from telegram import Message

from bot.games import Player, RoundId, State, Table, begin, step
from bot.games.beat_clip import BeatClip
from bot.games.duel import Duel
from bot.games.hunt import Hunt

HERE = Path(__file__).parent
BOT, ALICE, BOB, CAROL, GROUP = 42, 7, 8, 9, -100
PHOTO = Media("file", "unique", 100)
USER = {"id": ALICE, "is_bot": False, "first_name": "Alice", "language_code": "en"}
PRIVATE = {"id": ALICE, "type": "private", "first_name": "Alice"}
CHART = b"\x89PNG chart"


class Platform:
    """Has every picture, and is asked for nothing else."""

    async def fetch(self, media: Media) -> bytes:
        return b"picture " + media.file_id.encode()

    async def show_working(self, place: Place) -> None:
        pass


def ask(message_id: int, **fields: object) -> Ask:
    values = {"user_id": ALICE, "language": "en", "media": (PHOTO,), "labels": ("a dog", "a cat")}
    return Ask(place=Place(ALICE, message_id), **(values | fields))


def message(message_id: int, **fields: object) -> dict[str, object]:
    return {
        "message_id": message_id,
        "date": int(time.time()),
        "chat": PRIVATE,
        "from": USER,
        **fields,
    }


def photo(name: str) -> list[dict[str, object]]:
    size = {"width": 400, "height": 300, "file_size": 10}
    return [{"file_id": name, "file_unique_id": f"{name} unique", **size}]


def result(job_id: str, data: bytes, outcome: ImageOutcome) -> bytes:
    return encode(
        Result(
            job_id=f"{BOT}.{job_id}",
            reply=Reply(results_subject(BOT), data),
            labels=["a dog", "a cat"],
            images=[outcome],
            chart=CHART,
        )
    )


async def photos(store: Store, queue: Queue, intake: Intake) -> None:
    answered, waiting, told, refused, edited = (ask(number) for number in (1, 2, 3, 4, 5))
    await store.record_job(answered, queue.jobs_made)
    await store.record_answer(answered.place, 101, is_chart=True, job_id=answered.id)
    await intake.submit(waiting)
    await store.record_answer(waiting.place, 102, is_chart=False)  # "your picture still waits"
    await store.mark_noticed(waiting.id)
    await store.record_job(told, queue.jobs_made)
    data = result(told.id, told.id.encode(), ImageOutcome([0.75, 0.25]))
    await queue.publish(results_subject(BOT), data, f"{BOT}.{told.id}")
    await store.record_refusal(refused)
    await store.record_answer(refused.place, 104, is_chart=False)
    await store.record_job(edited, queue.jobs_made)
    await store.supersede(edited.place, 9)
    await store.record_job(ask(5, serial=9, labels=("ñ",), template="a {}"), queue.jobs_made)
    await store.mark_delivered(ask(5, serial=9).id)
    await store.record_question(ALICE, 106, ALICE, (PHOTO,))
    await store.record_answer(Place(ALICE, 6), 106, is_chart=False)
    for number, caption in ((10, "a fox, a cow"), (11, None)):
        item = message(number, photo=photo(f"item {number}"), media_group_id="album")
        if caption:
            item["caption"] = caption
        await store.add_album_item(
            ALICE,
            "album",
            number,
            Message.de_json(item, None).to_json().encode(),
            user_id=ALICE,
            edited=False,
            serial=500 + number,
            settle=1.5,
        )


async def people(store: Store) -> None:
    await store.set_labels(ALICE, ("a dog", "猫, 'quoted'"))
    await store.set_language(ALICE, "en")
    await store.set_language(BOB, "es")
    await store.set_template(BOB, "a photo of {}")
    await store.hide(CAROL)
    await store.mark_handled(600)


async def plays(store: Store, state: State, *events: object) -> State:
    state, _ = begin(state)
    await store.add_round(state)
    for event in (Shown(), *events):
        state, _ = step(state, event, time.time())
    await store.save_round(state, now=time.time())
    return state


async def games(store: Store, queue: Queue) -> None:
    alice, bob = Player(ALICE, "Alice", "alice"), Player(BOB, "Bob")
    tables = [
        Table(RoundId(GROUP, number), alice, number, thread_id, "en", 600.0)
        for number, thread_id in ((20, None), (21, 5), (22, 6), (19, 7), (18, 7))
    ]
    guess = BeatClip(table=tables[0], media=PHOTO, labels=("a dog", "a cat", "a fox"))
    guess = await plays(store, guess, Pressed(tables[0].id, bob, "0"))
    await store.save_display(guess, Display(120, "what it shows", (1.0,), told=False))
    jobs = GameJobs(queue, Platform(), Metrics(), bot_id=BOT)
    (asked,) = begin(guess)[1]
    await jobs.publish(guess, asked, "Beat CLIP")
    duel = Duel(table=tables[1], media=PHOTO)
    said = [
        Said(duel.table.id, alice, 31, "a dog"),
        Said(duel.table.id, bob, 32, "a cat"),
    ]
    await store.save_display(await plays(store, duel, *said), Display(121, "as well"))
    hunt = Hunt(table=tables[2], target="a red thing", decoys=("a dog", "a cat"))
    sent = Sent(hunt.table.id, bob, 33, PHOTO)
    await store.save_display(await plays(store, hunt, sent), Display(122, "as well"))
    for table, points in ((tables[3], 95), (tables[4], 40)):
        state = BeatClip(table=table, media=PHOTO, labels=("a dog", "a cat"))
        await store.add_round(state)
        awards = [Award(alice, points, 1, right=True), Award(bob, 10, 2, right=False)]
        await store.save_round(state, now=time.time(), awards=awards, chart=CHART)
        await store.end_round(state)
    await store.set_game_settings(GROUP, GameSettings(2.0, "es", 4, admins_only=False))


async def updates(inbox: Inbox) -> None:
    await inbox.keep({"update_id": 600, "message": message(8, text="handled already")})
    caption = {"photo": photo("new"), "caption": "a red car, a house"}
    await inbox.keep({"update_id": 601, "message": message(12, **caption)})
    await inbox.keep({"update_id": 602, "message": message(13, text="a boat, a plane")})


async def stored(queue: Queue) -> list[dict[str, object]]:
    """What the streams hold: in the order in which it came, except for acknowledgements."""
    found = []
    for stream in (UPDATES, JOBS, RESULTS):
        state = (await queue._js.stream_info(stream)).state
        for number in range(state.first_seq, state.last_seq + 1):
            one = await queue._js.get_msg(stream, number)
            found.append(
                {
                    "subject": one.subject,
                    "headers": one.headers,
                    "data": base64.b64encode(one.data).decode(),
                }
            )
    return found


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = NatsServer(folder / "nats")
        await server.start()
        queue = await connect(server.url, name="takeover")
        await queue.prepare(100, owner=True)
        database = await open_database(f"sqlite+aiosqlite:///{folder}/clipbot.db")
        await claim(database, BOT)
        store = Store(database)
        intake = Intake(queue, store, Platform(), Metrics(), bot_id=BOT, max_per_user=10)
        await people(store)
        await photos(store, queue, intake)
        await games(store, queue)
        await updates(Inbox(queue, store, None, BOT, Metrics()))
        messages = await stored(queue)
        await queue.close()
        await server.stop()
        await database.dispose()
        dump = list(sqlite3.connect(folder / "clipbot.db").iterdump())
    (HERE / "database.sql").write_text("\n".join([f"-- {time.time():.0f}", *dump]) + "\n")
    (HERE / "queue.json").write_text(json.dumps(messages, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
