"""What the caption duel says."""

from bot.games.duel.rules import DuelNote
from bot.games.spec.texts import LINE_LENGTH, MEDALS, NO_MEDAL, GameTexts
from bot.i18n.lengths import shortened


class DuelTexts(GameTexts):
    """The caption duel in one language."""

    def name(self) -> str:
        return self._("Caption duel")

    def how_to_start(self) -> str:
        return self._("<b>Caption duel</b>: reply to a photo with /duel")

    def help_line(self) -> str:
        return self._("/duel – caption duel: the phrase that CLIP likes best wins")

    def menu_entry(self) -> str:
        return self._("caption duel: reply to a photo")

    def board(self, seconds: float, words: int) -> str:
        return self._(
            "⚔️ <b>Caption duel</b>: who captions this picture best?\n"
            "Reply to this message with one phrase of up to {words} words; your last one counts. "
            "{time}."
        ).format(words=words, time=self.length_of_time(seconds))

    def line(self, name: str, label: str, share: float, points: int, rank: int) -> str:
        return self._("{medal} {name}: “{label}” · {share} · +{points}").format(
            medal=MEDALS.get(rank, NO_MEDAL),
            name=name,
            label=self.quote(shortened(label, LINE_LENGTH)),
            share=self.percent(share),
            points=points,
        )

    def said_before(self, name: str, label: str, other: str, points: int) -> str:
        """The line of somebody whose phrase `other` had said before."""
        return self._("▫️ {name}: “{label}” – {other} was first · +{points}").format(
            name=name,
            label=self.quote(shortened(label, LINE_LENGTH)),
            other=other,
            points=points,
        )

    def remark(self, name: str, note: str) -> str:
        """What was wrong with somebody's reply."""
        match note:
            case DuelNote.TOO_LONG:
                text = self._("⚠️ {name}: that is too long")
            case _:
                text = self._("⚠️ {name}: somebody was first with that")
        return text.format(name=name)
