"""Leaderboards: whose points stand where."""

import pytest

from bot.chat.people import Speaker
from bot.games.beat_clip.game import BEAT_CLIP
from bot.games.beat_clip.rules import BeatClip
from bot.games.commands.leaderboard import Leaderboard
from bot.games.hunt.game import HUNT
from bot.games.hunt.rules import Hunt
from bot.games.rounds.jobs import GameJobs
from bot.games.rounds.pace import EditPace
from bot.games.rounds.runner import GameRunner
from bot.games.rounds.store import RoundStore
from bot.games.rules import Player, Round, RoundConfig, RoundId
from bot.games.rules.events import Award
from bot.i18n import speak
from bot.storage import Profile, Store
from tests.bot.games.played_round import PHOTO
from tests.bot.incoming import GROUP, message
from tests.bot.scripted import ScriptedPlatform

CHAT = -100
ANN = Player(7, "Ann")


@pytest.fixture
async def scores(store: Store, platform: ScriptedPlatform) -> Leaderboard:
    """Ann was right three times in a row in Beat CLIP, and then found something in a hunt."""
    configs = [RoundConfig(RoundId(CHAT, number), ANN) for number in range(4)]
    guesses = [BeatClip(config=one, media=PHOTO, labels=("a", "b")) for one in configs[:3]]
    hunt = Hunt(config=configs[3], target="a red thing", decoys=())
    rounds = RoundStore(store)
    states: list[Round] = [*guesses, hunt]
    for now, state in enumerate(states, 1):
        right = None if state is hunt else True
        await rounds.add(state)
        await rounds.save(state, now=float(now), awards=[Award(ANN, 60, 1, right=right)])
        await rounds.end(state)
    jobs = GameJobs(None)  # type: ignore[arg-type]
    runner = GameRunner(store, platform, jobs, EditPace())
    return Leaderboard(platform, store, runner, admin_ids=frozenset())


async def sections(
    scores: Leaderboard, platform: ScriptedPlatform, argument: str
) -> dict[str, str]:
    """Ann's line in each section of what `/score argument` says."""
    who = Speaker(ANN.id, Profile(), speak("en"))
    await scores.commands["score"](message(1, "/score", topic=GROUP), who, argument)
    parts = [part.splitlines() for part in platform.said[-1][2].split("\n\n")]
    return {part[0]: part[1] for part in parts if len(part) > 1}


async def test_streaks_of_beat_clip_stand_in_no_other_games_leaderboard(
    scores: Leaderboard, platform: ScriptedPlatform
) -> None:
    said = await sections(scores, platform, HUNT.command)
    assert "🔥" not in said["<b>Photo hunt</b>"]
    assert "🔥" not in (await sections(scores, platform, ""))["<b>Photo hunt</b>"]
    assert "🔥3" in said["<b>All time</b>"]
    assert "🔥3" in (await sections(scores, platform, BEAT_CLIP.command))["<b>Beat CLIP</b>"]
