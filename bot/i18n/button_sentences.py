"""What the bot says on buttons under answers and under offers, and when they are pressed."""

from bot.i18n.formatter import Formatter


class ButtonSentences(Formatter):
    """Labels of buttons and short texts about them, in one language.

    Labels that stand side by side have at most 16 characters, to fit on a phone. Texts that
    are shown as a toast have at most 200 (Bot API, answerCallbackQuery), and no markup.
    """

    # -- under an answer --------------------------------------------------------------------------

    def other_phrases_button(self) -> str:
        return self._("Other phrases")

    def save_button(self) -> str:
        return self._("Save these")

    def copy_button(self) -> str:
        return self._("Copy as text")

    def which_other_phrases(self) -> str:
        """Return our question for phrases. Old words stay known: see `bot.chat.targets`."""
        return self._(
            "Which other phrases should I compare it with? Reply with a few, separated by commas."
        )

    def asked_already(self) -> str:
        return self._("I have asked you already: reply to my question with a few phrases.")

    def saved(self, count: int) -> str:
        return self._n(
            "Saved. Photos without a caption are now compared with this phrase.",
            "Saved. Photos without a caption are now sorted by these {count} phrases.",
            count,
        ).format(count=count)

    def saved_in_group(self, count: int) -> str:
        return self._n(
            "Saved. /classify alone now compares with this phrase.",
            "Saved. /classify alone now sorts by these {count} phrases.",
            count,
        ).format(count=count)

    def copied_already(self) -> str:
        return self._("The text is in this chat already.")

    # -- under an offer ---------------------------------------------------------------------------

    def offer_first_frames(self, count: int) -> str:
        return self._n(
            "I can't watch moving pictures, but I can look at the first frame.",
            "I can't watch moving pictures, but I can look at their first frames.",
            count,
        )

    def first_frames_button(self, count: int) -> str:
        return self._n("Sort its first frame", "Sort their first frames", count)

    # -- pressed by somebody else, or too late ----------------------------------------------------

    def for_the_asker(self) -> str:
        return self._("These buttons are for the person who asked.")

    def too_long_ago(self) -> str:
        return self._("That is too long ago. Please send the picture again.")
