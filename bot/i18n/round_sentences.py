"""What boards and results of games say."""

from collections.abc import Sequence

from bot.games.rules import End, Game
from bot.games.rules.round import Note
from bot.i18n.formatter import Formatter
from bot.i18n.lengths import fitting, shortened

# Of a label in a button, in a line of a result, and in a whisper; in UTF-16 units.
_BUTTON, _LINE, _WHISPER = 40, 60, 60
# Shorter times are told in seconds alone.
_IN_SECONDS = 120
_MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}


class RoundSentences(Formatter):
    """Names come as HTML that `GameSentences.name_of` made."""

    def game_name(self, game: Game) -> str:
        match game:
            case Game.GUESS:
                return self._("Beat CLIP")
            case Game.DUEL:
                return self._("Caption duel")
            case Game.HUNT:
                return self._("Photo hunt")

    def length_of_time(self, count: float) -> str:
        """A length of time in whole seconds, such as `30 s`, `3 min` or `2 min 42 s`."""
        total = max(0, round(count))
        if total < _IN_SECONDS:
            return self._("{count} s").format(count=self.number(total))
        minutes, seconds = divmod(total, 60)
        text = self._("{count} min").format(count=self.number(minutes))
        return f"{text} {self._('{count} s').format(count=seconds)}" if seconds else text

    @staticmethod
    def on_button(label: str) -> str:
        """A label as a button shows it: not HTML."""
        return shortened(label, _BUTTON)

    def many(self, lines: Sequence[str], room: int) -> list[str]:
        """As many of these lines as fit into `room` units, and how many there are more."""
        shown = fitting(lines, room)
        if shown == len(lines):
            return list(lines)
        shown = fitting(lines, room - 40)  # room for the words that say so
        more = self._n("… and {count} more", "… and {count} more", len(lines) - shown)
        return [*lines[:shown], more.format(count=len(lines) - shown)]

    def players_in(self, names: Sequence[str], count: int) -> str:
        """Who takes part; `count` may be more than there are names."""
        text = ", ".join(names)
        if count > len(names):
            text += self._n(
                " … and {count} more", " … and {count} more", count - len(names)
            ).format(count=count - len(names))
        return f"👥 {count}: {text}"

    def time_is_up(self) -> str:
        return self._("⏳ Time is up! CLIP is looking …")

    def time_button(self) -> str:
        return self._("⏱ Time left")

    # -- Beat CLIP ------------------------------------------------------------------------------

    def guess_board(self, seconds: float) -> str:
        return self._(
            "🎯 <b>Beat CLIP</b>: which of these does CLIP choose for this picture?\n"
            "Everybody presses once, and nobody sees what. {time}; the sooner, the more points."
        ).format(time=self.length_of_time(seconds))

    def guess_hint(self, label: str) -> str:
        return self._("💡 Not {label}. From now on points are halved.").format(
            label=self.quote(shortened(label, _LINE), "b")
        )

    def reveal_button(self) -> str:
        return self._("🔔 Reveal (for the starter)")

    def guess_right(self, name: str, points: int, place: int, streak: int) -> str:
        fire = f" 🔥 {streak}" if streak >= 3 else ""
        return f"{_MEDALS.get(place, '✅')} {name} +{points}{fire}"

    def guess_wrong(self, name: str, label: str) -> str:
        return f"❌ {name}: {self.quote(shortened(label, _LINE))}"

    def near_tie(self, count: int) -> str:
        if count > 2:
            return self._("<i>A near tie: all of these count.</i>")
        return self._("<i>A near tie: both count.</i>")

    def nobody_guessed(self) -> str:
        return self._("Nobody guessed.")

    def clip_wins(self) -> str:
        return self._("Nobody was right: CLIP wins this round.")

    # -- caption duel -----------------------------------------------------------------------------

    def duel_board(self, seconds: float, words: int) -> str:
        return self._(
            "⚔️ <b>Caption duel</b>: who captions this picture best?\n"
            "Reply to this message with one phrase of up to {words} words; your last one counts. "
            "{time}."
        ).format(words=words, time=self.length_of_time(seconds))

    def duel_line(self, name: str, label: str, share: float, points: int, place: int) -> str:
        return self._("{medal} {name}: “{label}” · {share} · +{points}").format(
            medal=_MEDALS.get(place, "▫️"),
            name=name,
            label=self.quote(shortened(label, _LINE)),
            share=self.percent(share),
            points=points,
        )

    def duel_second(self, name: str, label: str, other: str, points: int) -> str:
        return self._("▫️ {name}: “{label}” – {other} was first · +{points}").format(
            name=name, label=self.quote(shortened(label, _LINE)), other=other, points=points
        )

    # -- photo hunt -------------------------------------------------------------------------------

    def hunt_board(self, target: str, seconds: float, tries: int) -> str:
        return self._(
            "🔎 <b>Photo hunt</b>: find {target}!\n"
            "Reply to this message with up to {tries} photos each; your best one counts. {time}."
        ).format(target=self.quote(target, "b"), tries=tries, time=self.length_of_time(seconds))

    def hunt_target(self, target: str) -> str:
        return f"🔎 {self.quote(target, 'b')}"

    def hunt_line(self, name: str, share: float, points: int, place: int) -> str:
        return f"{_MEDALS.get(place, '▫️')} {name} · {self.percent(share)} · +{points}"

    def hunt_decoys(self, labels: Sequence[str]) -> str:
        return self._("<i>Against it stood: {labels}.</i>").format(
            labels=", ".join(self.quote(shortened(label, _LINE)) for label in labels)
        )

    # -- ends without points, and whispers ------------------------------------------------------

    def called_off(self, end: End) -> str:
        match end:
            case End.NO_PICTURE:
                return self._("I can't look at that picture. No points this time.")
            case End.NO_ANSWER:
                return self._("CLIP did not come back in time. No points this time.")
            case End.TOO_FEW:
                return self._("Too few played. No points this time.")
            case _:
                return self._("⏹ The game was called off. No points this time.")

    def remark(self, name: str, note: Note) -> str:
        """What was wrong with a reply: stands on the board."""
        match note:
            case Note.TOO_LONG:
                text = self._("{name}: that is too long")
            case Note.TAKEN:
                text = self._("{name}: somebody was first with that")
            case Note.SAME:
                text = self._("{name}: that photo is here already")
            case Note.ENOUGH:
                text = self._("{name}: three photos are all that count")
            case _:
                text = self._("{name}: I can't read that picture")
        return "⚠️ " + text.format(name=name)

    def whisper(self, note: Note, label: str, seconds: float) -> str:
        """What whoever pressed is told, in at most 200 units and without markup."""
        label = shortened(label, _WHISPER)
        match note:
            case Note.NOTED:
                return self._("✔ noted: {label}").format(label=label)
            case Note.ALREADY:
                return self._("You chose already: {label}").format(label=label)
            case Note.STRUCK:
                return self._("{label} is out. Choose another one.").format(label=label)
            case Note.ONLY_STARTER:
                return self._(
                    "Only the person who started the game, or an admin of the group, can do that."
                )
            case Note.REVEALED:
                return self._("🔔 Here it comes.")
            case Note.YOURS:
                return self._("⏱ {time} left. Yours: {label}").format(
                    time=self.length_of_time(seconds), label=label
                )
            case Note.NOTHING_YET:
                return self._("⏱ {time} left. Nothing of yours yet.").format(
                    time=self.length_of_time(seconds)
                )
            case _:
                return self._("This round is over.")
