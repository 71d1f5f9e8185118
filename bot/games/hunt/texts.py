"""What the photo hunt says."""

from collections.abc import Sequence

from bot.games.hunt.rules import HuntNote
from bot.games.spec.texts import LINE_LENGTH, MEDALS, NO_MEDAL, GameTexts
from bot.i18n.lengths import shortened


class HuntTexts(GameTexts):
    """The photo hunt in one language."""

    def name(self) -> str:
        return self._("Photo hunt")

    def how_to_start(self) -> str:
        return self._("<b>Photo hunt</b>: <code>/hunt a red thing</code>, or /hunt alone")

    def help_line(self) -> str:
        return self._(
            "<code>/hunt a red thing</code> – photo hunt: find it, and send a photo of it"
        )

    def menu_entry(self) -> str:
        return self._("photo hunt: /hunt a red thing")

    def phrase_wrong(self, limit: int) -> str:
        return self._(
            "Hunt for one thing of up to {limit} characters: <code>/hunt a red thing</code>. "
            "With /hunt alone, I choose one."
        ).format(limit=limit)

    def board(self, target: str, seconds: float, tries: int) -> str:
        return self._(
            "🔎 <b>Photo hunt</b>: find {target}!\n"
            "Reply to this message with up to {tries} photos; your best one counts. {time}."
        ).format(target=self.quote(target, "b"), tries=tries, time=self.length_of_time(seconds))

    def target(self, target: str) -> str:
        return f"🔎 {self.quote(target, 'b')}"

    def line(self, name: str, share: float, points: int, rank: int) -> str:
        return f"{MEDALS.get(rank, NO_MEDAL)} {name} · {self.percent(share)} · +{points}"

    def decoys(self, labels: Sequence[str]) -> str:
        return self._("<i>CLIP compared it with: {labels}.</i>").format(
            labels=", ".join(self.quote(shortened(label, LINE_LENGTH)) for label in labels)
        )

    def remark(self, name: str, note: str) -> str:
        """What was wrong with somebody's photo."""
        match note:
            case HuntNote.SAME:
                text = self._("⚠️ {name}: that photo is here already")
            case HuntNote.ENOUGH:
                text = self._("⚠️ {name}: only three photos count")
            case _:
                text = self._("⚠️ {name}: I can't read that picture")
        return text.format(name=name)
