"""Games in Telegram: commands, replies to boards and pressed buttons become events of rounds."""

import random
from collections.abc import Awaitable, Callable

from telegram import CallbackQuery, Message

from bot.arena import Arena, pressed_in
from bot.asks import Media
from bot.games import Game, RoundId, State, Table, duel
from bot.games.beat_clip import MAX_LABELS, MIN_LABELS, REVEAL, SECONDS, BeatClip
from bot.games.duel import Duel
from bot.games.events import Pressed, Said, Skipped, Stopped, Whisper
from bot.games.phrases import some
from bot.games.round import Note, Phase
from bot.platform import Buttons
from bot.store import GameSettings, Store
from bot.telegram.conversation import Conversation
from bot.telegram.people import Speaker, is_private, place_of, speaker
from bot.telegram.platform import TelegramPlatform, telegram_errors
from bot.telegram.players import Admins, player_of, sender_of
from inference.errors import LabelTooLong, NoLabels, TooManyLabels
from inference.phrases import parse

# How many labels the bot chooses where nobody typed any.
_OWN_LABELS = 4

Handler = Callable[[Message, Speaker, str], Awaitable[None]]


class Games:
    """Each command takes the message, who speaks, and what follows the command."""

    def __init__(
        self,
        platform: TelegramPlatform,
        store: Store,
        arena: Arena,
        conversation: Conversation,
        admins: Admins,
        *,
        bot_id: int,
    ) -> None:
        self._platform = platform
        self._store = store
        self._arena = arena
        self._conversation = conversation
        self._admins = admins
        self._bot_id = bot_id
        self._random = random.SystemRandom()
        self.commands: dict[str, Handler] = {
            "play": self._play,
            "guess": self._guess,
            "duel": self._duel,
            "stop": self._stop,
            "skip": self._skip,
        }

    async def press(self, query: CallbackQuery) -> bool:
        """A button was pressed; False when it is none of a game. Always answered."""
        pressed = pressed_in(query.data or "")
        if pressed is None:
            return False
        who = await speaker(query.from_user, self._store)
        whisper = await self._pressed(query, *pressed)
        text = who.sentences.whisper(whisper.note, whisper.label, whisper.seconds)
        async with telegram_errors():
            await query.answer(text)
        return True

    async def reply(self, message: Message, who: Speaker, *, edited: bool) -> bool:
        """A message without a command; False when it does not reply to a board of a round."""
        place = place_of(message)
        board = message.reply_to_message
        if board is None or not (board.from_user and board.from_user.id == self._bot_id):
            return False
        row = await self._arena.round_at(place.chat_id, place.thread_id)
        if row is None or not (
            board.message_id == row.display.board_id or _carries(board, row.id.message_id)
        ):
            return False
        sender = sender_of(message)
        assert sender is not None  # or nobody would speak
        player = await player_of(sender, self._store)
        if message.text:
            event = Said(row.id, player, message.message_id, message.text, edited)
            await self._arena.happens(place.chat_id, place.thread_id, event)
        return True

    async def _pressed(self, query: CallbackQuery, message_id: int, choice: str) -> Whisper:
        over = Whisper(Note.OVER)
        if not isinstance(query.message, Message):
            return over  # too old for Telegram to say where it is
        place = place_of(query.message)
        row = await self._arena.round_at(place.chat_id, place.thread_id)
        if row is None or row.id.message_id != message_id:
            return over
        user = query.from_user
        may_end = choice == REVEAL and (
            user.id == row.state.table.starter.id
            or await self._admins.has(query.message.chat, user.id)
        )
        event = Pressed(
            RoundId(place.chat_id, message_id),
            await player_of(user, self._store),
            choice,
            may_end,
            await self._store.streak(place.chat_id, user.id),
        )
        return await self._arena.happens(place.chat_id, place.thread_id, event) or over

    async def _play(self, message: Message, who: Speaker, _argument: str) -> None:
        await self._say(message, who.sentences.games_menu())

    async def _guess(self, message: Message, who: Speaker, argument: str) -> None:
        settings = await self._store.game_settings(message.chat_id)
        found = await self._picture(message)
        if found is None:
            await self._say(message, who.sentences.game_photo_missing(Game.GUESS))
            return
        limit = min(MAX_LABELS, settings.labels)
        try:
            typed = parse(argument, max_labels=limit)
        except NoLabels:
            typed = who.person.labels if MIN_LABELS <= len(who.person.labels) <= limit else ()
        except TooManyLabels:
            await self._say(message, who.sentences.guess_labels_wrong(MIN_LABELS, limit))
            return
        except LabelTooLong as error:
            await self._say(message, who.sentences.labels_refused(error))
            return
        if 0 < len(typed) < MIN_LABELS:
            await self._say(message, who.sentences.guess_labels_wrong(MIN_LABELS, limit))
            return
        table = await self._table(message, who, settings, SECONDS, found[1])
        if table is None:
            return
        labels = tuple(self._random.sample(typed, len(typed)))
        asked: tuple[str, ...] = ()
        if not typed:
            own = some(min(_OWN_LABELS, limit), self._random.sample)
            labels = tuple(phrase.spoken(table.language) for phrase in own)
            asked = tuple(phrase.en for phrase in own)
        await self._begin(
            message, who, BeatClip(table=table, media=found[0], labels=labels, asked=asked)
        )

    async def _duel(self, message: Message, who: Speaker, _argument: str) -> None:
        if is_private(message):
            await self._say(message, who.sentences.duel_needs_group())
            return
        found = await self._picture(message)
        if found is None:
            await self._say(message, who.sentences.game_photo_missing(Game.DUEL))
            return
        settings = await self._store.game_settings(message.chat_id)
        if table := await self._table(message, who, settings, duel.SECONDS, found[1]):
            await self._begin(message, who, Duel(table=table, media=found[0]))

    async def _stop(self, message: Message, who: Speaker, _argument: str) -> None:
        await self._end(message, who, Stopped)

    async def _skip(self, message: Message, who: Speaker, _argument: str) -> None:
        await self._end(message, who, Skipped)

    async def _end(
        self,
        message: Message,
        who: Speaker,
        event: type[Stopped] | type[Skipped],
    ) -> None:
        place = place_of(message)
        row = await self._arena.round_at(place.chat_id, place.thread_id)
        if row is None or row.state.phase is Phase.OVER:
            await self._say(message, who.sentences.game_not_running())
        elif who.user_id == row.state.table.starter.id or await self._admins.has(
            message.chat, who.user_id
        ):
            # The round tells the result itself.
            await self._arena.happens(place.chat_id, place.thread_id, event(row.id))
        else:
            await self._say(message, who.sentences.may_not_end())

    async def _begin(self, message: Message, who: Speaker, state: State) -> None:
        if not await self._arena.begin(state):
            await self._say(message, who.sentences.game_running())

    async def _table(
        self,
        message: Message,
        who: Speaker,
        settings: GameSettings,
        seconds: float,
        reply_to: int,
    ) -> Table | None:
        """Where a new round is played; None when this person may not start one."""
        if settings.admins_only and not await self._admins.has(message.chat, who.user_id):
            await self._say(message, who.sentences.may_not_start())
            return None
        sender = sender_of(message)
        assert sender is not None  # or nobody would speak
        return Table(
            RoundId(message.chat_id, message.message_id),
            await player_of(sender, self._store),
            reply_to=reply_to,
            thread_id=place_of(message).thread_id,
            language=settings.language or who.sentences.language,
            seconds=seconds * settings.pace,
        )

    async def _picture(self, message: Message) -> tuple[Media, int] | None:
        """The picture that a command is about, and the message that shows it."""
        for shown in (message, message.reply_to_message):
            if shown is None:
                continue
            picture = self._conversation.picture_in(shown)
            # Our chart is a picture too, but who replies to it means the one that it speaks of.
            job = await self._store.job_answered_by(message.chat_id, shown.message_id)
            if job:
                return job.media[0], shown.message_id
            if isinstance(picture, Media):
                return picture, shown.message_id
        return None

    async def _say(self, message: Message, text: str, buttons: Buttons = ()) -> None:
        await self._platform.send_board(place_of(message), text, buttons)


def _carries(board: Message, round_message: int) -> bool:
    """Whether a message of ours is a board of this round, by its buttons.

    A crash may have sent a board twice, and a quick player may reply before it is stored which
    message is the board.
    """
    rows = board.reply_markup.inline_keyboard if board.reply_markup else ()
    data = [str(button.callback_data) for row in rows for button in row]
    return any((found := pressed_in(one)) and found[0] == round_message for one in data)
