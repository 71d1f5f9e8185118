"""/score and /forget: who leads, who does not want to be seen, and what is deleted."""

from datetime import UTC, datetime, timedelta

from bot.chat.people import Speaker
from bot.chat.preferences import CommandHandler
from bot.games.commands.spelling import meant
from bot.games.rounds.runner import GameRunner
from bot.games.rules import GAMES, Game, Player, game_of
from bot.i18n import Sentences
from bot.platform.incoming import IncomingMessage
from bot.platform.ports import ChatPlatform
from bot.storage import Standing, Store

# Three leaderboards of so many lines each fit into one message.
_LINES, _LINES_OF_ALL = 5, 10

# Streaks are of Beat CLIP: they stand in its leaderboard, and in those of all games.
_WITH_STREAKS = {None, Game.GUESS}


class Leaderboard:
    """Each command takes the message, who speaks, and what follows the command."""

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        runner: GameRunner,
        *,
        admin_ids: frozenset[int],
    ) -> None:
        self._platform = platform
        self._store = store
        self._runner = runner
        self._admin_ids = admin_ids
        self.commands: dict[str, CommandHandler] = {"score": self._score, "forget": self._forget}

    async def _score(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        word = argument.strip().casefold()
        if word == "reset" and who.user_id in self._admin_ids:
            await self._store.reset_scores(message.topic.home_id)
            text = who.sentences.score_reset()
        elif word == "hide":
            await self._store.hide(who.user_id)
            text = who.sentences.score_hidden()
        elif word == "show":
            await self._store.show_again(who.user_id)
            text = who.sentences.score_shown()
        else:
            text = await self._leaderboards(message, who.sentences, meant(argument, GAMES))
        await self._platform.send_board(message.ref, text)

    async def _forget(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        # Hidden first: what a round gives from now on is not stored.
        await self._store.hide(who.user_id)
        await self._runner.forget(who.user_id)
        await self._store.forget_scores(who.user_id)
        await self._platform.send_board(message.ref, who.sentences.score_forgotten())

    async def _leaderboards(
        self, message: IncomingMessage, sentences: Sentences, named: str | None
    ) -> str:
        """This game's, this week's and that of all time."""
        home_id = message.topic.home_id
        game = Game(named) if named else await self._game_here(message)
        wanted: list[tuple[str, Game | None, float, int]] = [
            (sentences.this_week(), None, _monday(message.sent_at), _LINES),
            (sentences.all_time(), None, 0.0, _LINES_OF_ALL),
        ]
        if game:
            wanted.insert(0, (sentences.game_name(game), game, 0.0, _LINES))
        sections = []
        for title, only, since, limit in wanted:
            found = await self._store.leaderboard(home_id, game=only, since=since, limit=limit)
            if found:
                lines = [_line(one, place, only, sentences) for place, one in enumerate(found, 1)]
                sections.append(sentences.score_section(title, lines))
        if not sections:
            return sentences.no_scores()
        return "\n\n".join([sentences.score_heading(), *sections, sentences.score_help()])

    async def _game_here(self, message: IncomingMessage) -> Game | None:
        """The game that is played here, or was played last in the chat."""
        topic = message.topic
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row:
            return game_of(row.state)
        last = await self._store.last_game(topic.home_id)
        return Game(last) if last else None


def _line(standing: Standing, place: int, only: Game | None, sentences: Sentences) -> str:
    player = Player(standing.user_id, standing.name, standing.username)
    name = sentences.name_of(player, linked=False)
    streak = standing.streak if only in _WITH_STREAKS else 0
    return sentences.score_line(name, standing.points, place, standing.medals, streak)


def _monday(today: datetime) -> float:
    """When the week began, in UTC."""
    monday = today.astimezone(UTC) - timedelta(days=today.astimezone(UTC).weekday())
    return monday.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
