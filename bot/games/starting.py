"""Starting games: what a command, or a button of /play, needs to become a round."""

import random
from dataclasses import dataclass

from telegram import Chat, Message, User

from bot.chat.classify import Conversation
from bot.chat.people import Speaker, place_of
from bot.games.beat_clip.rules import MAX_LABELS, MIN_LABELS, SECONDS, BeatClip
from bot.games.duel import rules as duel
from bot.games.duel.rules import Duel
from bot.games.hunt import rules as hunt
from bot.games.hunt.phrases import some
from bot.games.hunt.rules import Hunt
from bot.games.players import Admins
from bot.games.rules import Game, Player, RoundConfig, RoundId, State
from bot.games.rules.round import Phase
from bot.games.runner import GameRunner
from bot.platform.models import Media, MessageRef
from bot.storage import GameSettings, Store
from inference.protocol.errors import LabelTooLong, NoLabels, TooManyLabels
from inference.protocol.labels import MAX_LABEL_LENGTH, clean, parse

# How many labels the bot chooses where nobody typed any.
_OWN_LABELS = 4


@dataclass(frozen=True)
class Start:
    """Somebody wants to start a game.

    Attributes:
        number: of the round to come: the same for the same command or press.
        message: the command, or our menu that was pressed.
        argument: what followed the command.
    """

    number: int
    message: Message
    sender: User | Chat
    who: Speaker
    argument: str = ""

    @property
    def chat(self) -> Chat:
        return self.message.chat


class Starting:
    """Each game's start; returns why it can't be, as a sentence, or None."""

    def __init__(
        self,
        store: Store,
        runner: GameRunner,
        conversation: Conversation,
        admins: Admins,
        *,
        bot_id: int,
    ) -> None:
        self._bot_id = bot_id
        self._store = store
        self._runner = runner
        self._conversation = conversation
        self._admins = admins
        self._random = random.SystemRandom()

    async def starts(self, game: Game, start: Start) -> str | None:
        """Starts a game."""
        match game:
            case Game.GUESS:
                return await self.guess(start)
            case Game.DUEL:
                return await self.duel(start)
            case Game.HUNT:
                return await self.hunt(start)

    async def guess(self, start: Start) -> str | None:
        """Beat CLIP: labels as typed, else the person's own, else some of the bot's."""
        settings = await self._store.game_settings(start.chat.id)
        found = await self.picture(start.message)
        if found is None:
            return start.who.sentences.game_photo_missing(Game.GUESS)
        limit = min(MAX_LABELS, settings.labels)
        wrong = start.who.sentences.guess_labels_wrong(MIN_LABELS, limit)
        own = start.who.person.labels
        try:
            typed = parse(start.argument, max_labels=limit)
        except NoLabels:
            typed = own if MIN_LABELS <= len(own) <= limit else ()
        except TooManyLabels:
            return wrong
        except LabelTooLong as error:
            return start.who.sentences.labels_refused(error)
        if 0 < len(typed) < MIN_LABELS:
            return wrong
        table = await self._table(start, settings, SECONDS, found[1])
        if table is None:
            return start.who.sentences.may_not_start()
        labels = tuple(self._random.sample(typed, len(typed)))
        asked: tuple[str, ...] = ()
        if not typed:
            chosen = some(min(_OWN_LABELS, limit), self._random.sample)
            labels = tuple(phrase.spoken(table.language) for phrase in chosen)
            asked = tuple(phrase.en for phrase in chosen)
        return await self._begins(
            start, BeatClip(table=table, media=found[0], labels=labels, asked=asked)
        )

    async def duel(self, start: Start) -> str | None:
        """Caption duel."""
        if start.chat.type == Chat.PRIVATE:
            return start.who.sentences.duel_needs_group()
        found = await self.picture(start.message)
        if found is None:
            return start.who.sentences.game_photo_missing(Game.DUEL)
        settings = await self._store.game_settings(start.chat.id)
        table = await self._table(start, settings, duel.SECONDS, found[1])
        if table is None:
            return start.who.sentences.may_not_start()
        return await self._begins(start, Duel(table=table, media=found[0]))

    async def hunt(self, start: Start) -> str | None:
        """Photo hunt: for what was typed, else for something of the bot's own."""
        target = clean(start.argument)
        if len(target) > MAX_LABEL_LENGTH:
            return start.who.sentences.hunt_phrase_wrong(MAX_LABEL_LENGTH)
        settings = await self._store.game_settings(start.chat.id)
        table = await self._table(start, settings, hunt.SECONDS, start.message.message_id)
        if table is None:
            return start.who.sentences.may_not_start()
        shown = asked = target
        if not target:
            (own,) = some(1, self._random.sample)
            shown, asked = own.spoken(table.language), own.en
        decoys = some(hunt.DECOYS, self._random.sample, but=asked)
        state = Hunt(
            table=table,
            target=shown,
            decoys=tuple(phrase.spoken(table.language) for phrase in decoys),
            asked=(asked, *(phrase.en for phrase in decoys)),
        )
        return await self._begins(start, state)

    def picture_in(self, message: Message) -> Media | None:
        """A message's own picture, if it has one that can be read."""
        picture = self._conversation.picture_in(message)
        return picture if isinstance(picture, Media) else None

    async def picture(self, message: Message) -> tuple[Media, int] | None:
        """The picture that a message is about, and the message that shows it."""
        for shown in (message, message.reply_to_message):
            if shown is None:
                continue
            # Our chart is a picture too, but who replies to it means the one that it speaks of.
            job = await self._store.job_answered_by(message.chat_id, shown.message_id)
            if job:
                return job.media[0], shown.message_id
            # That of a game belongs to no job: it has the answer on it.
            is_ours = shown.from_user is not None and shown.from_user.id == self._bot_id
            if not is_ours and (picture := self.picture_in(shown)):
                return picture, shown.message_id
        return None

    async def _begins(self, start: Start, state: State) -> str | None:
        in_the_way = await self._runner.begin(state)
        if in_the_way is None:
            return None
        if in_the_way is Phase.OVER:
            return start.who.sentences.game_ending()
        return start.who.sentences.game_running()

    async def _table(
        self, start: Start, settings: GameSettings, seconds: float, reply_to: int
    ) -> RoundConfig | None:
        """Where a new round is played; None when this person may not start one."""
        if settings.admins_only and not await self._admins.has(start.chat, start.who.user_id):
            return None
        place: MessageRef = place_of(start.message)
        return RoundConfig(
            RoundId(place.chat_id, start.number),
            Player(start.sender.id, ""),  # no more than is needed: they may want to be forgotten
            reply_to=reply_to,
            thread_id=place.thread_id,
            language=settings.language or start.who.sentences.language,
            seconds=seconds * settings.pace,
        )
