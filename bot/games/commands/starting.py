"""Starting games: what a command, or a button of /play, needs to become a round."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.classify import ClassifyHandler
from bot.chat.people import Speaker
from bot.games.commands.players import may_decide
from bot.games.commands.texts import command_texts
from bot.games.registry import Game
from bot.games.rounds.runner import GameRunner
from bot.games.rules.round import Phase, Player, RoundConfig, RoundId
from bot.games.spec.game_spec import StartRequest
from bot.platform.incoming import Attachment, ChatTopic, ReferencedMessage
from bot.platform.models import Media, MessageRef
from bot.platform.ports import ChatPlatform
from bot.storage import Store
from inference.protocol.errors import LabelsRefused


@dataclass(frozen=True)
class StartCommand:
    """A person wants to start a game.

    Attributes:
        number: the round's number: the same for the same command or press.
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


class GameStarter:
    """Starts the rounds of all games."""

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

    async def start(self, game: Game, command: StartCommand) -> str | None:
        """Start a round; return why that can't be, as a sentence, or None."""
        who, topic = command.who, command.topic
        texts = command_texts(who.sentences.language)
        game_texts = game.texts_in(who.sentences.language)
        if game.group_only and topic.is_private:
            return texts.group_needed(game_texts.name())
        reply_to, picture = command.ref.message_id, None
        if game.needs_photo:
            found = await self.picture(command.context)
            if found is None:
                return texts.photo_missing(game.command)
            picture, reply_to = found
        settings = await self._store.game_settings(topic.home_id)
        if settings.admins_only and not await may_decide(self._platform, topic, who.user_id):
            return texts.may_not_start()
        request = StartRequest(
            RoundConfig(
                RoundId(topic.chat_id, command.number),
                Player(who.user_id, ""),  # without a name: the person may want to be forgotten
                reply_to=reply_to,
                thread_id=topic.thread_id,
                language=settings.language or who.sentences.language,
                seconds=game.seconds * settings.pace,
                home=None if topic.home_id == topic.chat_id else topic.home_id,
            ),
            command.argument,
            picture,
            who.person.labels,
            settings.labels,
            self._random.sample,
        )
        try:
            state = game.start(request, game_texts)
        except LabelsRefused as error:
            return who.sentences.labels_refused(error)
        if isinstance(state, str):
            return state
        in_the_way = await self._runner.begin(state)
        if in_the_way is None:
            return None
        return texts.ending() if in_the_way is Phase.OVER else texts.running()

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
            # Our chart is a picture too, but a reply to it means the picture that it is about.
            if job := await self._store.job_answered_by(chat_id, message_id):
                return job.media[0], message_id
            # The chart of a game belongs to no job. It does not count as a picture, because it
            # shows the answer.
            if picture := self.picture_in(shown.attachments):
                return picture, message_id
        return None
