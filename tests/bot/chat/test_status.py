"""/status: which workers take this bot's jobs, and which model is missing."""

from typing import Any

import pytest

from bot.chat.people import Speaker
from bot.chat.preferences import Preferences
from bot.i18n import speak
from bot.queues.worker_registry import WorkerRegistry
from bot.runtime.metrics import Metrics
from bot.storage import Profile, Store
from inference.protocol.broker.client import Queue, jobs_subject
from inference.protocol.messages import WorkerState, WorkerStatus
from tests.bot.incoming import message
from tests.bot.scripted import ScriptedPlatform

_ANYTHING: Any = None
OURS = "openai/clip"


def worker(model: str) -> WorkerStatus:
    return WorkerStatus(
        worker=model, model=model, state=WorkerState.READY, takes=jobs_subject(model)
    )


@pytest.mark.parametrize(
    ("workers", "takes_none", "is_missing"),
    [
        ([], 0, True),
        ([worker("demo")], 1, True),
        ([worker("demo"), worker(OURS)], 1, False),
    ],
)
async def test_it_says_what_takes_no_jobs_and_what_is_missing(
    store: Store,
    queue: Queue,
    platform: ScriptedPlatform,
    workers: list[WorkerStatus],
    takes_none: int,
    is_missing: bool,
) -> None:
    registry = WorkerRegistry(queue, Metrics(), OURS)
    registry.workers = workers
    preferences = Preferences(
        platform,
        store,
        registry,
        queue,
        max_labels=20,
        admin_ids=frozenset({7}),
        sort=_ANYTHING,
        games_help=lambda _: [],
    )
    who = Speaker(7, Profile(), speak("en"))
    await preferences.commands["status"](message(1, "/status"), who, "")
    ((_, _, text),) = platform.said
    assert text.count("takes no jobs of this bot") == takes_none
    assert (f"No worker takes jobs for {OURS}" in text) is is_missing
