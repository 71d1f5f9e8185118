"""What Beat CLIP says."""

from bot.games.beat_clip.rules import GuessNote
from bot.games.rules.events import Toast
from bot.games.spec.texts import LINE_LENGTH, MEDALS, TOAST_LENGTH, GameTexts
from bot.i18n.lengths import shortened

# A streak from this length on is shown.
_SHOWN_STREAK = 3


class BeatClipTexts(GameTexts):
    """Beat CLIP in one language."""

    def name(self) -> str:
        return self._("Beat CLIP")

    def how_to_start(self) -> str:
        return self._(
            "<b>Beat CLIP</b>: reply to a photo with <code>/guess a dog, a cat, a tree</code>"
        )

    def help_line(self) -> str:
        return self._(
            "<code>/guess a dog, a cat</code> – Beat CLIP: what will CLIP choose for a photo?"
        )

    def menu_entry(self) -> str:
        return self._("Beat CLIP: reply to a photo with phrases")

    def labels_wrong(self, least: int, limit: int) -> str:
        return self._(
            "Beat CLIP needs {least} to {limit} phrases, separated by commas: "
            "<code>/guess a dog, a cat, a tree</code>. Without any, I choose them."
        ).format(least=least, limit=limit)

    def board(self, seconds: float) -> str:
        return self._(
            "🎯 <b>Beat CLIP</b>: which of these will CLIP choose for this picture?\n"
            "Everybody presses once, and nobody sees what the others choose. {time}: the sooner, "
            "the more points."
        ).format(time=self.length_of_time(seconds))

    def hint(self, label: str) -> str:
        return self._("💡 Not {label}. From now on points are halved.").format(
            label=self.quote(shortened(label, LINE_LENGTH), "b")
        )

    def reveal_button(self) -> str:
        return self._("🔔 Reveal (for the starter)")

    def right(self, name: str, points: int, rank: int, streak: int) -> str:
        fire = f" 🔥 {streak}" if streak >= _SHOWN_STREAK else ""
        return f"{MEDALS.get(rank, '✅')} {name} +{points}{fire}"

    def wrong(self, name: str, label: str) -> str:
        return f"❌ {name}: {self.quote(shortened(label, LINE_LENGTH))}"

    def near_tie(self, count: int) -> str:
        if count > 2:
            return self._("<i>A near tie: all of these count.</i>")
        return self._("<i>A near tie: both count.</i>")

    def nobody_guessed(self) -> str:
        return self._("Nobody guessed.")

    def clip_wins(self) -> str:
        return self._("Nobody was right: CLIP wins this round.")

    def toast(self, toast: Toast) -> str:
        label = shortened(toast.label, TOAST_LENGTH)
        match toast.note:
            case GuessNote.ALREADY:
                return self._("You already chose: {label}").format(label=label)
            case GuessNote.STRUCK:
                return self._("{label} is out. Choose another one.").format(label=label)
            case GuessNote.REVEALED:
                return self._("🔔 Here it comes.")
            case _:
                return super().toast(toast)
