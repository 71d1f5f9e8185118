"""/score and /forget: who leads, who does not want to be seen, and what is deleted."""

from datetime import UTC, datetime, timedelta
from functools import partial

from bot.chat.people import Speaker
from bot.chat.preferences import CommandHandler
from bot.games.commands.spelling import meant
from bot.games.commands.texts import CommandTexts, command_texts
from bot.games.registry import GAMES, Game, find_game, game_of
from bot.games.rounds.runner import GameRunner
from bot.games.rules.round import Player
from bot.games.spec.texts import Link
from bot.platform.incoming import IncomingMessage
from bot.platform.ports import ChatPlatform
from bot.storage import Standing, Store

# Lines of one game's or this week's leaderboard, and of that of all time. Together they fit into
# one message.
_LINES, _LINES_OF_ALL = 5, 10


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
        texts = command_texts(who.sentences.language)
        word = argument.strip().casefold()
        if word == "reset" and who.user_id in self._admin_ids:
            await self._store.reset_scores(message.topic.home_id)
            text = texts.score_reset()
        elif word == "hide":
            await self._store.hide(who.user_id)
            text = texts.score_hidden()
        elif word == "show":
            await self._store.show_again(who.user_id)
            text = texts.score_shown()
        else:
            named = find_game(meant(argument, [game.command for game in GAMES]) or "")
            text = await self._leaderboards(message, texts, named)
        await self._platform.send_board(message.ref, text)

    async def _forget(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        # Hidden first, so that points of a round that ends meanwhile are not stored.
        await self._store.hide(who.user_id)
        await self._runner.forget(who.user_id)
        await self._store.forget_scores(who.user_id)
        texts = command_texts(who.sentences.language)
        await self._platform.send_board(message.ref, texts.score_forgotten())

    async def _leaderboards(
        self, message: IncomingMessage, texts: CommandTexts, named: Game | None
    ) -> str:
        """Return one game's leaderboard, this week's and that of all time."""
        home_id = message.topic.home_id
        game = named or await self._game_here(message)
        wanted: list[tuple[str, Game | None, float, int]] = [
            (texts.this_week(), None, _monday(message.sent_at), _LINES),
            (texts.all_time(), None, 0.0, _LINES_OF_ALL),
        ]
        if game:
            wanted.insert(0, (game.texts_in(texts.language).name(), game, 0.0, _LINES))
        link = partial(self._platform.link_person, mentions=False)
        sections = []
        for title, only, since, limit in wanted:
            command = only.command if only else None
            found = await self._store.leaderboard(home_id, game=command, since=since, limit=limit)
            if found:
                lines = [_line(one, rank, only, texts, link) for rank, one in enumerate(found, 1)]
                sections.append(texts.score_section(title, lines))
        if not sections:
            return texts.no_scores()
        return "\n\n".join([texts.score_heading(), *sections, texts.score_help()])

    async def _game_here(self, message: IncomingMessage) -> Game | None:
        """Return the game that is played here, or else was played last in the home."""
        topic = message.topic
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row:
            return game_of(row.state)
        last = await self._store.last_game(topic.home_id)
        return find_game(last or "")


def _line(standing: Standing, rank: int, only: Game | None, texts: CommandTexts, link: Link) -> str:
    player = Player(standing.user_id, standing.name, standing.username)
    name = texts.name_of(player, link)
    # All games share the streaks. They are shown in the leaderboards of games that have them.
    streak = standing.streak if only is None or only.has_streaks else 0
    return texts.score_line(name, standing.points, rank, standing.medals, streak)


def _monday(today: datetime) -> float:
    """Return when the week began, in Unix seconds (UTC)."""
    monday = today.astimezone(UTC) - timedelta(days=today.astimezone(UTC).weekday())
    return monday.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
