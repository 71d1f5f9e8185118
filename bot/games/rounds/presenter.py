"""Shows a round: one send or edit at a time, whenever `pace` allows one.

The presenter compares what a round looks like now with what was shown last. So it does not matter
how many changes lie between: after many presses, a flood wait or a crash, the next edit shows the
latest state.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from bot.games.registry import game_of
from bot.games.rounds.boards import board_of, result_of
from bot.games.rounds.pace import EditPace, allowed_at, with_call
from bot.games.rounds.store import RoundStore, StoredRound
from bot.games.rules.round import End, Phase, Round
from bot.games.spec.game_spec import Urgency
from bot.platform.models import MessageRef
from bot.platform.ports import CallRejected, ChatPlatform, RetryLater, TargetGone
from bot.runtime.retry import Retries
from bot.storage import retry_until_stored

log = logging.getLogger(__name__)

# The longest pause between two tries, in seconds; a platform that wants more asks for it again. A
# stored time that is farther ahead comes from before the host's clock was set back.
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True)
class NextCall:
    """When the presenter wants to be called again for a round.

    Attributes:
        at: in Unix seconds; None: not before the state changes.
        is_done: everything of the round has been shown, so no call is needed.
    """

    at: float | None = None
    is_done: bool = False


class Presenter:
    """Shows all rounds of one bot."""

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

    async def show(self, row: StoredRound) -> NextCall:
        """Make at most one send or edit; return when to call this again."""
        now = self._clock()
        if now < row.display.not_before <= now + _LONGEST_PAUSE:
            return NextCall(at=row.display.not_before)
        try:
            shown = await self._make_call(row, now)
        except RetryLater as error:
            pause = self._retries.after(error, f"Round {row.id}", row.id)
            until = self._clock() + min(pause or 0.0, _LONGEST_PAUSE)
            await self._rounds.save_display(row.state, replace(row.display, not_before=until))
            return NextCall(at=until)
        self._retries.forget(row.id)
        return shown

    async def _make_call(self, row: StoredRound, now: float) -> NextCall:
        state, display = row.state, row.display
        if state.phase is Phase.OVER:
            if not display.told:
                return await self._send_result(row, now)
            if display.board_id is None:
                return NextCall(is_done=True)
        elif display.board_id is None:
            return await self._send_board(row, now)
        board = board_of(state, self._platform, fresh=False)
        if board.digest == display.shown:
            return NextCall(is_done=state.phase is Phase.OVER)
        at = max(
            allowed_at(display.calls, board.urgency, now),
            self._edits.allowed_at(row.id.chat_id),
        )
        if at > now:
            return NextCall(at=at)
        self._edits.book(row.id.chat_id, now)
        assert display.board_id is not None
        try:
            await self._platform.edit_board(
                _board_ref(row), display.board_id, board.text, board.buttons
            )
        except CallRejected:
            pass  # the platform would refuse a new board as well, again and again
        except TargetGone as error:
            log.info("Round %s has lost its board: %s", row.id, error)
            if state.phase is Phase.OVER:
                return NextCall(is_done=True)
            await self._rounds.save_display(state, replace(display, board_id=None, shown=""))
            return NextCall(at=now)
        taken = self._clock()  # calls over a slow line arrive later, and closer together
        self._edits.edited(row.id.chat_id, taken)
        calls = with_call(display.calls, taken)
        await self._rounds.save_display(state, replace(display, shown=board.digest, calls=calls))
        return NextCall(at=now)

    async def _send_board(self, row: StoredRound, now: float) -> NextCall:
        if (at := allowed_at(row.display.calls, Urgency.NEWS, now)) > now:
            return NextCall(at=at)
        board = board_of(row.state, self._platform, fresh=True)
        ref = MessageRef(row.id.chat_id, row.state.config.reply_to, row.thread_id)
        try:
            board_id = await self._platform.send_board(ref, board.text, board.buttons)
        except TargetGone as error:
            log.info("Round %s can't be shown: %s", row.id, error)
            return NextCall(is_done=True)
        # A new board differs from an edited one only in its links, which is no reason for an edit.
        shown = board_of(row.state, self._platform, fresh=False).digest
        calls = with_call(row.display.calls, self._clock())
        display = replace(row.display, board_id=board_id, shown=shown, calls=calls)
        await retry_until_stored(lambda: self._rounds.save_display(row.state, display))
        return NextCall(at=now)

    async def _send_result(self, row: StoredRound, now: float) -> NextCall:
        """Send the result as a new message: people may have to scroll up to the board."""
        if (at := allowed_at(row.display.calls, Urgency.RESULT, now)) > now:
            return NextCall(at=at)
        text = result_of(row.state, self._platform)
        ref = _board_ref(row)
        chart = row.chart if _may_show_chart(row.state) else b""
        try:
            if chart:
                await self._platform.send_chart(ref, chart, text)
            else:
                await self._platform.send_board(ref, text)
        except TargetGone as error:
            log.info("The result of round %s can't be sent: %s", row.id, error)
            # Some groups forbid photos but allow texts, and the board can still be edited.
            if chart:
                await self._rounds.drop_chart(row.state)
            else:
                await self._rounds.save_display(row.state, replace(row.display, told=True))
            return NextCall(at=now)
        calls = with_call(row.display.calls, self._clock())
        told = replace(row.display, told=True, calls=calls)
        await retry_until_stored(lambda: self._rounds.save_display(row.state, told))
        return NextCall(at=now)


def _may_show_chart(state: Round) -> bool:
    """Return whether a round's chart may be shown: without points it would give the answer away."""
    return state.end is End.DONE and game_of(state).may_show_chart(state)


def _board_ref(row: StoredRound) -> MessageRef:
    """Return the board, to which the result replies: a tap on the reply shows the board."""
    board_id = row.display.board_id
    return MessageRef(row.id.chat_id, board_id or row.state.config.reply_to, row.thread_id)
