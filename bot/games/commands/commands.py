"""Games in a chat: commands, replies to boards and pressed buttons become events of rounds."""

import hashlib

from bot.chat.people import Speaker, speaker_of
from bot.chat.preferences import CommandHandler
from bot.games.commands.leaderboard import Leaderboard
from bot.games.commands.players import may_decide, player_of
from bot.games.commands.settings import GroupSettings
from bot.games.commands.spelling import meant
from bot.games.commands.starting import GameStarter, StartCommand
from bot.games.commands.texts import command_texts
from bot.games.registry import GAMES, Game, find_game, game_of
from bot.games.rounds.boards import pressed_in
from bot.games.rounds.runner import GameRunner
from bot.games.rules.events import PhotoReply, Pressed, RoundSkipped, RoundStopped, TextReply, Toast
from bot.games.rules.round import Note, Phase, RoundId
from bot.platform.incoming import ButtonPress, IncomingMessage, ReferencedMessage
from bot.platform.models import MessageRef
from bot.platform.ports import Button, ChatPlatform
from bot.storage import Store

_PLAY = "game:play:"


class GameCommands:
    """Each command takes the message, who speaks, and what follows the command."""

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        runner: GameRunner,
        starter: GameStarter,
        leaderboard: Leaderboard,
        settings: GroupSettings,
    ) -> None:
        self._platform = platform
        self._store = store
        self._runner = runner
        self._starter = starter
        self._settings = settings
        self.commands: dict[str, CommandHandler] = {
            "play": self._play,
            "stop": self._stop,
            "skip": self._skip,
            **{game.command: self._command(game) for game in GAMES},
            **leaderboard.commands,
            "settings": settings.command,
        }

    def _command(self, game: Game) -> CommandHandler:
        async def start(message: IncomingMessage, who: Speaker, argument: str) -> None:
            number = message.ref.message_id
            command = StartCommand(
                number, message.ref, message.topic, message.context, who, argument
            )
            if refusal := await self._starter.start(game, command):
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
        picture = self._starter.picture_in(message.attachments)
        event: TextReply | PhotoReply
        if message.text and not message.is_caption:
            event = TextReply(row.id, player, number, message.text, message.is_edit)
        elif picture and not message.is_edit:
            event = PhotoReply(row.id, player, number, picture)
        else:
            return True
        await self._runner.happens(topic.chat_id, topic.thread_id, event)
        return True

    async def press(self, press: ButtonPress) -> bool:
        """Handle and answer a pressed button; False if it does not belong to a game."""
        who = await speaker_of(press.author, self._store)
        is_choice = press.data.startswith(_PLAY)
        if pressed := pressed_in(press.data):
            text = await self._pressed(press, who, *pressed)
        elif is_choice:
            text = await self._chosen(press, who, press.data.removeprefix(_PLAY))
        else:
            return await self._settings.press(press)
        await self._platform.answer_press(press, text, is_alert=is_choice and bool(text))
        return True

    async def _pressed(self, press: ButtonPress, who: Speaker, number: int, choice: str) -> str:
        """Pass the press of a board's button to its round; return what to tell the person."""
        over = Toast(Note.OVER)
        topic, user_id, language = press.topic, press.author.id, who.sentences.language
        if topic is None:  # too old: the platform no longer says where the board is
            return command_texts(language).toast(over)
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row is None or row.id.number != number:
            return command_texts(language).toast(over)
        game = game_of(row.state)
        may_end = choice in game.starter_choices and (
            user_id == row.state.config.starter.id
            or await may_decide(self._platform, topic, user_id)
        )
        event = Pressed(
            RoundId(topic.chat_id, number),
            await player_of(press.author, self._store),
            choice,
            may_end,
            await self._store.streak(topic.home_id, user_id),
        )
        toast = await self._runner.happens(topic.chat_id, topic.thread_id, event) or over
        text: str = game.texts_in(language).toast(toast)
        return text

    async def _play(self, message: IncomingMessage, who: Speaker, argument: str) -> None:
        """Offer the games as buttons, or start the one that is named.

        On a photo they are about that photo.
        """
        if named := find_game(meant(argument, [game.command for game in GAMES]) or ""):
            _, _, rest = " ".join(argument.split()).partition(" ")
            await self._command(named)(message, who, rest)
            return
        found = await self._starter.picture(message.context)
        ref = message.ref
        if found:
            ref = MessageRef(ref.chat_id, found[1], ref.thread_id)
        language = who.sentences.language
        buttons = tuple(
            (Button(f"{game.icon} {game.texts_in(language).name()}", _PLAY + game.command),)
            for game in GAMES
            if not (game.group_only and message.is_private)
        )
        lines = [f"{game.icon} {game.texts_in(language).how_to_start()}" for game in GAMES]
        await self._platform.send_board(ref, command_texts(language).games_menu(lines), buttons)

    async def _chosen(self, press: ButtonPress, who: Speaker, command: str) -> str:
        """Start the game that was chosen in the menu; return why that can't be, or nothing."""
        game = find_game(command)
        if game is None or press.ref is None or press.topic is None:
            return ""
        if game.needs_photo and await self._starter.picture(press.context) is None:
            return command_texts(who.sentences.language).photo_first(game.command)
        start = StartCommand(number_of(press.id), press.ref, press.topic, press.context, who)
        return await self._starter.start(game, start) or ""

    async def _stop(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        await self._end(message, who, RoundStopped)

    async def _skip(self, message: IncomingMessage, who: Speaker, _argument: str) -> None:
        await self._end(message, who, RoundSkipped)

    async def _end(
        self, message: IncomingMessage, who: Speaker, event: type[RoundStopped | RoundSkipped]
    ) -> None:
        topic = message.topic
        texts = command_texts(who.sentences.language)
        row = await self._runner.round_at(topic.chat_id, topic.thread_id)
        if row is None or row.state.phase is Phase.OVER:
            await self._platform.send_board(message.ref, texts.not_running())
        elif who.user_id == row.state.config.starter.id or await may_decide(
            self._platform, topic, who.user_id
        ):
            # The presenter sends the result.
            await self._runner.happens(topic.chat_id, topic.thread_id, event(row.id))
        else:
            await self._platform.send_board(message.ref, texts.may_not_end())


def number_of(press: str) -> int:
    """Return a round's number from the id of a press: the same for the same press.

    An id is any string (Bot API); in practice a number that may be negative. The result is below
    2**56. It is above 2**32, except with a probability of 2**-24: ids of messages are below that.
    """
    return int.from_bytes(hashlib.sha256(press.encode()).digest()[:7])


def _carries(board: ReferencedMessage, number: int) -> bool:
    """Return whether a message of ours is a board of this round, by its buttons.

    A crash may have sent a board twice, and a quick player may reply before it is stored which
    message is the board.
    """
    return any((found := pressed_in(data)) and found[0] == number for data in board.buttons)
