"""Games in a chat: commands, replies to boards and pressed buttons become events of rounds."""

import hashlib

from bot.chat.people import Speaker, speaker_of
from bot.chat.preferences import CommandHandler
from bot.games.beat_clip.rules import REVEAL
from bot.games.commands.leaderboard import Leaderboard
from bot.games.commands.players import may_decide, player_of
from bot.games.commands.settings import GroupSettings
from bot.games.commands.spelling import meant
from bot.games.commands.starting import Start, Starting
from bot.games.rounds.boards import pressed_in
from bot.games.rounds.runner import GameRunner
from bot.games.rules import GAMES, Game, RoundId
from bot.games.rules.events import Pressed, Said, Sent, Skipped, Stopped, Toast
from bot.games.rules.round import Note, Phase
from bot.platform.incoming import ButtonPress, IncomingMessage, ReferencedMessage
from bot.platform.models import MessageRef
from bot.platform.ports import Button, ChatPlatform
from bot.storage import Store

_PLAY = "game:play:"
_ICONS = {Game.GUESS: "🎯", Game.DUEL: "⚔️", Game.HUNT: "🔎"}


class GameCommands:
    """Each command takes the message, who speaks, and what follows the command."""

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        runner: GameRunner,
        starting: Starting,
        leaderboard: Leaderboard,
        settings: GroupSettings,
    ) -> None:
        self._platform = platform
        self._store = store
        self._runner = runner
        self._starting = starting
        self._settings = settings
        self.commands: dict[str, CommandHandler] = {
            "play": self._play,
            "stop": self._stop,
            "skip": self._skip,
            **{game.value: self._command(game) for game in GAMES},
            **leaderboard.commands,
            "settings": settings.command,
        }

    def _command(self, game: Game) -> CommandHandler:
        async def start(message: IncomingMessage, who: Speaker, argument: str) -> None:
            number = message.ref.message_id
            wanted = Start(number, message.ref, message.topic, message.context, who, argument)
            if refusal := await self._starting.starts(game, wanted):
                await self._platform.send_board(message.ref, refusal)

        return start

    async def reply(self, message: IncomingMessage, who: Speaker) -> bool:
        """Handle a message without a command; False when it replies to no board of a round."""
        board = message.replies_to
        if board is None or board.is_elsewhere or board.ref is None or not board.is_ours:
            return False
        topic, number = message.topic, message.ref.message_id
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row is None or not (
            board.ref.message_id == row.display.board_id or _carries(board, row.id.number)
        ):
            return False
        player = await player_of(message.author, self._store)
        picture = self._starting.picture_in(message.attachments)
        event: Said | Sent
        if message.text and not message.is_caption:
            event = Said(row.id, player, number, message.text, message.is_edit)
        elif picture and not message.is_edit:
            event = Sent(row.id, player, number, picture)
        else:
            return True
        await self._runner.happens(topic.chat_id, topic.thread_id, event)
        return True

    async def press(self, press: ButtonPress) -> bool:
        """Handle and answer a pressed button; False when it is none of a game."""
        who = await speaker_of(press.author, self._store)
        is_choice = press.data.startswith(_PLAY)
        if pressed := pressed_in(press.data):
            toast = await self._pressed(press, *pressed)
            text = who.sentences.whisper(toast.note, toast.label, toast.seconds)
        elif is_choice:
            text = await self._chosen(press, who, press.data.removeprefix(_PLAY))
        else:
            return await self._settings.press(press)
        await self._platform.answer_press(press, text, is_alert=is_choice and bool(text))
        return True

    async def _pressed(self, press: ButtonPress, number: int, choice: str) -> Toast:
        over = Toast(Note.OVER)
        topic, user_id = press.topic, press.author.id
        if topic is None or press.ref is None:
            return over  # too old: the platform no longer says where it is
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row is None or row.id.number != number:
            return over
        may_end = choice == REVEAL and (
            user_id == row.state.table.starter.id
            or await may_decide(self._platform, topic, user_id)
        )
        event = Pressed(
            RoundId(topic.chat_id, number),
            await player_of(press.author, self._store),
            choice,
            may_end,
            await self._store.streak(topic.home_id, user_id),
        )
        return await self._runner.happens(topic.chat_id, topic.thread_id, event) or over

    async def _play(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        """Offer the games as buttons, or start the one that is named.

        On a photo they are about that photo.
        """
        game = meant(argument, [game.value for game in GAMES])
        if game:
            _, _, rest = " ".join(argument.split()).partition(" ")
            await self._command(Game(game))(message, who, rest)
            return
        found = await self._starting.picture(message.context)
        ref = message.ref
        if found:
            ref = MessageRef(ref.chat_id, found[1], ref.thread_id)
        offered = [g for g in GAMES if not (g is Game.DUEL and message.is_private)]
        buttons = tuple(
            (Button(f"{_ICONS[game]} {who.sentences.game_name(game)}", _PLAY + game.value),)
            for game in offered
        )
        await self._platform.send_board(ref, who.sentences.games_menu(), buttons)

    async def _chosen(self, press: ButtonPress, who: Speaker, name: str) -> str:
        """Start the game that was chosen in the menu; return why that can't be, or nothing."""
        if name not in set(GAMES) or press.ref is None or press.topic is None:
            return ""
        game = Game(name)
        if game is not Game.HUNT and await self._starting.picture(press.context) is None:
            return who.sentences.photo_first(game)
        start = Start(number_of(press.id), press.ref, press.topic, press.context, who)
        return await self._starting.starts(game, start) or ""

    async def _stop(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        await self._end(message, who, Stopped)

    async def _skip(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        await self._end(message, who, Skipped)

    async def _end(
        self, message: IncomingMessage, who: Speaker, event: type[Stopped] | type[Skipped]
    ) -> None:
        topic = message.topic
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row is None or row.state.phase is Phase.OVER:
            await self._platform.send_board(message.ref, who.sentences.game_not_running())
        elif who.user_id == row.state.table.starter.id or await may_decide(
            self._platform, topic, who.user_id
        ):
            # The round tells the result itself.
            await self._runner.happens(topic.chat_id, topic.thread_id, event(row.id))
        else:
            await self._platform.send_board(message.ref, who.sentences.may_not_end())


def number_of(press: str) -> int:
    """Return a round's number from the id of a press: the same for the same press.

    An id is any string (Bot API); in practice a number that may be negative. The result is below
    2**56 and, but by a chance of 2**-24, above 2**32: ids of messages are below that.
    """
    return int.from_bytes(hashlib.sha256(press.encode()).digest()[:7])


def _carries(board: ReferencedMessage, number: int) -> bool:
    """Return whether a message of ours is a board of this round, by its buttons.

    A crash may have sent a board twice, and a quick player may reply before it is stored which
    message is the board.
    """
    return any((found := pressed_in(data)) and found[0] == number for data in board.buttons)
