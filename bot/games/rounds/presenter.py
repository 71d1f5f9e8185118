"""Shows a round: one send or edit at a time, whenever its budget has room for one.

What is shown is compared with what the state looks like, so it does not matter how many changes
lie between: after a burst, a flood wait or a crash, the next edit shows the latest.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from bot.games.duel.rules import Duel, is_of_somebody
from bot.games.rounds.boards import board_of, result_of
from bot.games.rounds.pace import EditPace, Urgency, allowed_at, with_call
from bot.games.rounds.store import RoundStore, StoredRound
from bot.games.rules import State
from bot.games.rules.round import End, Phase
from bot.platform.models import MessageRef
from bot.platform.ports import CallRejected, ChatPlatform, RetryLater, TargetGone
from bot.runtime.retry import Retries
from bot.storage import retry_until_stored

log = logging.getLogger(__name__)

# Seconds. Telegram may ask for more: then it asks again. A stored time that is farther ahead is of
# before the host's clock was set back.
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True)
class Look:
    """What came of a look.

    Attributes:
        again_at: when to look again, in Unix seconds; None: when something has changed.
        is_done: nothing is left to show of this round, ever.
    """

    again_at: float | None = None
    is_done: bool = False


class Presenter:
    """Sends and edits for all rounds."""

    def __init__(
        self,
        rounds: RoundStore,
        platform: ChatPlatform,
        clock: Callable[[], float],
        edits: EditPace,
    ) -> None:
        self._rounds = rounds
        self._platform = platform
        self._clock = clock
        self._edits = edits
        self._retries = Retries((RetryLater,), attempts=1)

    async def look(self, row: StoredRound) -> Look:
        """Makes at most one call; says when to come again."""
        now = self._clock()
        if now < row.display.not_before <= now + _LONGEST_PAUSE:
            return Look(again_at=row.display.not_before)
        try:
            shown = await self._next_call(row, now)
        except RetryLater as error:
            pause = self._retries.after(error, f"Round {row.id}", row.id)
            until = self._clock() + min(pause or 0.0, _LONGEST_PAUSE)
            await self._rounds.save_display(row.state, replace(row.display, not_before=until))
            return Look(again_at=until)
        self._retries.forget(row.id)
        return shown

    async def _next_call(self, row: StoredRound, now: float) -> Look:
        state, display = row.state, row.display
        if state.phase is Phase.OVER:
            if not display.told:
                return await self._tell(row, now)
            if display.board_id is None:
                return Look(is_done=True)
        elif display.board_id is None:
            return await self._put_up(row, now)
        board = board_of(state, fresh=False)
        if board.digest == display.shown:
            return Look(is_done=state.phase is Phase.OVER)
        at = max(
            allowed_at(display.calls, board.urgency, now),
            self._edits.allowed_at(row.id.chat_id),
        )
        if at > now:
            return Look(again_at=at)
        self._edits.book(row.id.chat_id, now)
        assert display.board_id is not None
        try:
            await self._platform.edit_board(
                _place(row), display.board_id, board.text, board.buttons
            )
        except CallRejected:
            pass  # another board would be refused as well, and again and again
        except TargetGone as error:
            log.info("The board of round %s is gone: %s", row.id, error)
            if state.phase is Phase.OVER:
                return Look(is_done=True)
            await self._rounds.save_display(state, replace(display, board_id=None, shown=""))
            return Look(again_at=now)
        taken = self._clock()  # a slow line brings calls closer together than they were made
        self._edits.edited(row.id.chat_id, taken)
        calls = with_call(display.calls, taken)
        await self._rounds.save_display(state, replace(display, shown=board.digest, calls=calls))
        return Look(again_at=now)

    async def _put_up(self, row: StoredRound, now: float) -> Look:
        if (at := allowed_at(row.display.calls, Urgency.NEWS, now)) > now:
            return Look(again_at=at)
        board = board_of(row.state, fresh=True)
        place = MessageRef(row.id.chat_id, row.state.table.reply_to, row.thread_id)
        try:
            board_id = await self._platform.send_board(place, board.text, board.buttons)
        except TargetGone as error:
            log.info("Nobody is there to play round %s: %s", row.id, error)
            return Look(is_done=True)
        # As an edit it would look the same but for links: nothing to edit yet.
        shown = board_of(row.state, fresh=False).digest
        calls = with_call(row.display.calls, self._clock())
        display = replace(row.display, board_id=board_id, shown=shown, calls=calls)
        await retry_until_stored(lambda: self._rounds.save_display(row.state, display))
        return Look(again_at=now)

    async def _tell(self, row: StoredRound, now: float) -> Look:
        """The result, as a new message: the board may be far up by now."""
        if (at := allowed_at(row.display.calls, Urgency.RESULT, now)) > now:
            return Look(again_at=at)
        text = result_of(row.state)
        place = _place(row)
        chart = row.chart if _may_be_seen(row.state) else b""
        try:
            if chart:
                await self._platform.send_chart(place, chart, text)
            else:
                await self._platform.send_board(place, text)
        except TargetGone as error:
            log.info("Round %s can't be told like that: %s", row.id, error)
            # Some groups forbid photos but not texts; and the board may still be edited.
            if chart:
                await self._rounds.drop_chart(row.state)
            else:
                await self._rounds.save_display(row.state, replace(row.display, told=True))
            return Look(again_at=now)
        calls = with_call(row.display.calls, self._clock())
        told = replace(row.display, told=True, calls=calls)
        await retry_until_stored(lambda: self._rounds.save_display(row.state, told))
        return Look(again_at=now)


def _may_be_seen(state: State) -> bool:
    """Whether a round's chart may be shown.

    That of a round that was called off gives the answer away; that of a duel may have the name of
    somebody who was forgotten meanwhile.
    """
    is_named = isinstance(state, Duel) and is_of_somebody(state)
    return state.end is End.DONE and not is_named


def _place(row: StoredRound) -> MessageRef:
    """The result replies to the board, so that a tap leads from the one to the other."""
    board_id = row.display.board_id
    return MessageRef(row.id.chat_id, board_id or row.state.table.reply_to, row.thread_id)
