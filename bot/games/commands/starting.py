"""Starting games: what a command, or a button of /play, needs to become a round."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.classify import ClassifyHandler
from bot.chat.people import Speaker
from bot.games.beat_clip.rules import MAX_LABELS, MIN_LABELS, SECONDS, BeatClip
from bot.games.commands.players import may_decide
from bot.games.duel import rules as duel
from bot.games.duel.rules import Duel
from bot.games.hunt import rules as hunt
from bot.games.hunt.phrases import some
from bot.games.hunt.rules import Hunt
from bot.games.rounds.runner import GameRunner
from bot.games.rules import Game, Player, RoundConfig, RoundId, State
from bot.games.rules.round import Phase
from bot.platform.incoming import Attachment, ChatTopic, ReferencedMessage
from bot.platform.models import Media, MessageRef
from bot.platform.ports import ChatPlatform
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
        ref: the command, or our menu that was pressed.
        context: the messages that may show the picture, the nearest first.
        argument: what followed the command.
    """

    number: int
    ref: MessageRef
    topic: ChatTopic
    context: tuple[ReferencedMessage, ...]
    who: Speaker
    argument: str = ""


class Starting:
    """Each game's start; returns why it can't be, as a sentence, or None."""

    def __init__(
        self,
        platform: ChatPlatform,
        store: Store,
        runner: GameRunner,
        classify: ClassifyHandler,
    ) -> None:
        self._platform = platform
        self._store = store
        self._runner = runner
        self._classify = classify
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
        settings = await self._store.game_settings(start.topic.home_id)
        found = await self.picture(start.context)
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
        if start.topic.is_private:
            return start.who.sentences.duel_needs_group()
        found = await self.picture(start.context)
        if found is None:
            return start.who.sentences.game_photo_missing(Game.DUEL)
        settings = await self._store.game_settings(start.topic.home_id)
        table = await self._table(start, settings, duel.SECONDS, found[1])
        if table is None:
            return start.who.sentences.may_not_start()
        return await self._begins(start, Duel(table=table, media=found[0]))

    async def hunt(self, start: Start) -> str | None:
        """Photo hunt: for what was typed, else for something of the bot's own."""
        target = clean(start.argument)
        if len(target) > MAX_LABEL_LENGTH:
            return start.who.sentences.hunt_phrase_wrong(MAX_LABEL_LENGTH)
        settings = await self._store.game_settings(start.topic.home_id)
        table = await self._table(start, settings, hunt.SECONDS, start.ref.message_id)
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

    def picture_in(self, attachments: Sequence[Attachment]) -> Media | None:
        """Return the first picture that a message carries, if one of them can be read."""
        pictures = self._classify.pictures_in(attachments)
        return pictures[0] if isinstance(pictures, tuple) else None

    async def picture(self, context: Sequence[ReferencedMessage]) -> tuple[Media, int] | None:
        """Return the first picture that these messages show, and the message that shows it."""
        for shown in context:
            if shown.ref is None:
                continue
            chat_id, message_id = shown.ref.chat_id, shown.ref.message_id
            # Our chart is a picture too, but a reply to it means the picture that it speaks of.
            if job := await self._store.job_answered_by(chat_id, message_id):
                return job.media[0], message_id
            # The chart of a game belongs to no job, and counts as no picture: it has the answer on
            # it.
            if picture := self.picture_in(shown.attachments):
                return picture, message_id
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
        topic, user_id = start.topic, start.who.user_id
        if settings.admins_only and not await may_decide(self._platform, topic, user_id):
            return None
        return RoundConfig(
            RoundId(topic.chat_id, start.number),
            Player(user_id, ""),  # no more than is needed: they may want to be forgotten
            reply_to=reply_to,
            thread_id=topic.thread_id,
            language=settings.language or start.who.sentences.language,
            seconds=seconds * settings.pace,
        )
