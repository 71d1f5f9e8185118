"""Games in Telegram: commands, replies to boards and pressed buttons become events of rounds."""

import hashlib
from collections.abc import Awaitable, Callable

from telegram import CallbackQuery, Message

from bot.chat.people import Speaker, is_private, place_of, speaker
from bot.games.beat_clip.rules import REVEAL
from bot.games.boards import pressed_in
from bot.games.leaderboard import Scores
from bot.games.players import Admins, player_of, sender_of
from bot.games.rules import GAMES, Game, RoundId
from bot.games.rules.events import Pressed, Said, Sent, Skipped, Stopped, Toast
from bot.games.rules.round import Note, Phase
from bot.games.rules.spelling import meant
from bot.games.runner import GameRunner
from bot.games.settings import GroupSettings
from bot.games.starting import Start, Starting
from bot.platform.models import MessageRef
from bot.platform.ports import Button
from bot.storage import Store
from bot.telegram.platform import TelegramPlatform, telegram_errors

_PLAY = "game:play:"
_ICONS = {Game.GUESS: "🎯", Game.DUEL: "⚔️", Game.HUNT: "🔎"}

Handler = Callable[[Message, Speaker, str], Awaitable[None]]


class Games:
    """Each command takes the message, who speaks, and what follows the command."""

    def __init__(
        self,
        platform: TelegramPlatform,
        store: Store,
        runner: GameRunner,
        starting: Starting,
        admins: Admins,
        scores: Scores,
        settings: GroupSettings,
        *,
        bot_id: int,
    ) -> None:
        self._platform = platform
        self._store = store
        self._runner = runner
        self._starting = starting
        self._admins = admins
        self._settings = settings
        self._bot_id = bot_id
        self.commands: dict[str, Handler] = {
            "play": self._play,
            "stop": self._stop,
            "skip": self._skip,
            **{game.value: self._command(game) for game in GAMES},
            **scores.commands,
            "settings": settings.command,
        }

    def _command(self, game: Game) -> Handler:
        async def start(message: Message, who: Speaker, argument: str) -> None:
            sender = sender_of(message)
            assert sender is not None  # or nobody would speak
            wanted = Start(message.message_id, message, sender, who, argument)
            if refusal := await self._starting.starts(game, wanted):
                await self._platform.send_board(place_of(message), refusal)

        return start

    async def reply(self, message: Message, who: Speaker, *, edited: bool) -> bool:
        """A message without a command; False when it does not reply to a board of a round."""
        place = place_of(message)
        board = message.reply_to_message
        if board is None or not (board.from_user and board.from_user.id == self._bot_id):
            return False
        row = await self._runner.round_at(place.chat_id, place.thread_id)
        if row is None or not (
            board.message_id == row.display.board_id or _carries(board, row.id.number)
        ):
            return False
        sender = sender_of(message)
        assert sender is not None  # or nobody would speak
        player = await player_of(sender, self._store)
        picture = self._starting.picture_in(message)
        event: Said | Sent
        if message.text:
            event = Said(row.id, player, message.message_id, message.text, edited)
        elif picture and not edited:
            event = Sent(row.id, player, message.message_id, picture)
        else:
            return True
        await self._runner.happens(place.chat_id, place.thread_id, event)
        return True

    async def press(self, query: CallbackQuery) -> bool:
        """A button was pressed; False when it is none of a game. Always answered."""
        data = query.data or ""
        who = await speaker(query.from_user, self._store)
        if pressed := pressed_in(data):
            whisper = await self._pressed(query, *pressed)
            text = who.sentences.whisper(whisper.note, whisper.label, whisper.seconds)
        elif data.startswith(_PLAY):
            text = await self._chosen(query, who, data.removeprefix(_PLAY))
        else:
            return await self._settings.press(query)
        async with telegram_errors():
            await query.answer(text, show_alert=data.startswith(_PLAY) and bool(text))
        return True

    async def _pressed(self, query: CallbackQuery, number: int, choice: str) -> Toast:
        over = Toast(Note.OVER)
        if not isinstance(query.message, Message):
            return over  # too old for Telegram to say where it is
        place = place_of(query.message)
        row = await self._runner.round_at(place.chat_id, place.thread_id)
        if row is None or row.id.number != number:
            return over
        user = query.from_user
        may_end = choice == REVEAL and (
            user.id == row.state.table.starter.id
            or await self._admins.has(query.message.chat, user.id)
        )
        event = Pressed(
            RoundId(place.chat_id, number),
            await player_of(user, self._store),
            choice,
            may_end,
            await self._store.streak(place.chat_id, user.id),
        )
        return await self._runner.happens(place.chat_id, place.thread_id, event) or over

    async def _play(self, message: Message, who: Speaker, argument: str) -> None:
        """The games as buttons, or the one that is named. On a photo they are about that photo."""
        game = meant(argument, [game.value for game in GAMES])
        if game:
            _, _, rest = " ".join(argument.split()).partition(" ")
            await self._command(Game(game))(message, who, rest)
            return
        found = await self._starting.picture(message)
        place = place_of(message)
        at = MessageRef(place.chat_id, found[1] if found else place.message_id, place.thread_id)
        offered = [g for g in GAMES if not (g is Game.DUEL and is_private(message))]
        buttons = tuple(
            (Button(f"{_ICONS[game]} {who.sentences.game_name(game)}", _PLAY + game.value),)
            for game in offered
        )
        await self._platform.send_board(at, who.sentences.games_menu(), buttons)

    async def _chosen(self, query: CallbackQuery, who: Speaker, name: str) -> str:
        """A game of the menu was chosen; returns why it can't be, or nothing."""
        menu = query.message
        if name not in set(GAMES) or not isinstance(menu, Message):
            return ""
        game = Game(name)
        if game is not Game.HUNT and await self._starting.picture(menu) is None:
            return who.sentences.photo_first(game)
        start = Start(number_of(query.id), menu, query.from_user, who)
        return await self._starting.starts(game, start) or ""

    async def _stop(self, message: Message, who: Speaker, _argument: str) -> None:
        await self._end(message, who, Stopped)

    async def _skip(self, message: Message, who: Speaker, _argument: str) -> None:
        await self._end(message, who, Skipped)

    async def _end(
        self, message: Message, who: Speaker, event: type[Stopped] | type[Skipped]
    ) -> None:
        place = place_of(message)
        row = await self._runner.round_at(place.chat_id, place.thread_id)
        if row is None or row.state.phase is Phase.OVER:
            await self._platform.send_board(place, who.sentences.game_not_running())
        elif who.user_id == row.state.table.starter.id or await self._admins.has(
            message.chat, who.user_id
        ):
            # The round tells the result itself.
            await self._runner.happens(place.chat_id, place.thread_id, event(row.id))
        else:
            await self._platform.send_board(place, who.sentences.may_not_end())


def number_of(press: str) -> int:
    """A round's number from the id of a press: the same for the same press.

    Bot API: an id is any string; in practice a number that may be negative. Never that of a
    message but by a chance of 2**-24: those are below 2**32.
    """
    return int.from_bytes(hashlib.sha256(press.encode()).digest()[:7])


def _carries(board: Message, number: int) -> bool:
    """Whether a message of ours is a board of this round, by its buttons.

    A crash may have sent a board twice, and a quick player may reply before it is stored which
    message is the board.
    """
    rows = board.reply_markup.inline_keyboard if board.reply_markup else ()
    data = [str(button.callback_data) for row in rows for button in row]
    return any((found := pressed_in(one)) and found[0] == number for one in data)
