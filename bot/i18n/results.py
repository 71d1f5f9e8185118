"""What the bot says about results: on charts, in their captions and in tables of text."""

from collections.abc import Sequence

from babel.numbers import get_decimal_symbol

from bot.i18n.introductions import Introductions
from inference.protocol.messages import ChartWords


class ResultSentences(Introductions):
    """Sentences about results, in one language."""

    def chart_words(self) -> ChartWords:
        """Return what a chart says besides the labels; the worker knows no language."""
        return ChartWords(
            title=self.result_title(),
            something_else=self.something_else(),
            # Translators: {share} is a percentage, e.g. "2.1 %"
            and_more=self._("and {count} more: {share}"),
            independent=self.independent(),
            demo=self._("demo model: knows drawings and shapes, not photographs"),
            unreadable=self._("not readable"),
            decimal_point=get_decimal_symbol(self._locale),
            apart=self.apart(),
        )

    def result_title(self) -> str:
        return self._("What CLIP sees")

    def something_else(self) -> str:
        """Return what labels are compared with that nobody typed."""
        return self._("something else")

    def apart(self) -> str:
        """Return why the share of something else is not part of the labels' 100 %."""
        return self._("measured apart, against everyday things")

    def independent(self) -> str:
        return self._("Scores are independent: they need not add up to 100 %.")

    def also_ran(self, label: str, share: float) -> str:
        return f"▫️ {self.quote(label)} · {self.percent(share)}"

    def narrow(self) -> str:
        return self._("<i>A narrow win.</i>")

    def none_fits(self, count: int) -> str:
        """Return that none of `count` labels fits a picture."""
        return self._n(
            "<i>This does not seem to fit.</i>", "<i>None of these seems to fit.</i>", count
        )

    def none_fits_here(self, count: int) -> str:
        """Return that none of `count` labels fits, to follow one picture's line in an album."""
        return self._n("does not fit", "none fits", count)

    def photo_for_demo(self) -> str:
        return self._(
            "<i>I run the demo model, which knows drawings; for photos, whoever runs me can give "
            "me the real CLIP.</i>"
        )

    def english_only(self) -> str:
        """Return the hint for people who write Spanish to a model that reads English only."""
        return self._(
            "<i>Tip: this bot's model reads English best. Phrases in English get better "
            "answers.</i>"
        )

    def skipped(self, numbers: Sequence[int]) -> str:
        return self._(
            "<i>Left out of the album: {numbers}. I only look at still pictures.</i>"
        ).format(numbers=", ".join(map(str, numbers)))

    # -- tables of text ---------------------------------------------------------------------------

    def table_line(self, place: int, label: str, share: float) -> str:
        """Return a line without pictures, which screen readers would read out."""
        return f"{place}. {self.quote(label, 'b' if place == 1 else '')}: {self.percent(share)}"

    def table_something_else(self, share: float) -> str:
        return f"{self.something_else()}: {self.percent(share)}"

    def table_apart(self) -> str:
        return f"<i>{self.something_else()}: {self.apart()}</i>"

    def table_picture(self, number: int) -> str:
        """Return the heading of one picture of an album."""
        return self._("Picture {number}").format(number=number)
