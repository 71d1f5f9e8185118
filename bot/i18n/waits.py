"""What people are told while a picture waits, and when they take it back."""

from bot.i18n.formatter import Formatter


class WaitSentences(Formatter):
    """Sentences about waiting, in one language."""

    def queue_place(self, number: int, seconds: float | None) -> str:
        """Return a person's place in the queue, and the time until the answer if it is known."""
        if seconds is None:
            return self._("⏳ You are number {number} in the queue.").format(
                number=self.number(number)
            )
        return self._("⏳ You are number {number} in the queue; about {time}.").format(
            number=self.number(number), time=self.length_of_time(seconds)
        )

    def nothing_to_cancel(self) -> str:
        return self._("There is nothing to cancel.")

    def taken_back(self, count: int) -> str:
        """Return what is said of pictures, or albums, that are not answered any more."""
        return self._n(
            "Taken back: I will not answer this picture.",
            "Taken back: I will not answer these {count} pictures.",
            count,
        ).format(count=self.number(count))

    def cancelled(self) -> str:
        return self._("Forgotten. Send me another picture whenever you like.")

    def still_waiting(self) -> str:
        return self._(
            "Sorry, this takes longer than usual: the model is not running, or very many people "
            "are asking. Your picture is kept, and I will answer as soon as I can."
        )

    def picture_lost(self) -> str:
        return self._("Sorry, I lost this picture before I could answer. Please send it again.")

    def model_missing(self) -> str:
        return self._(
            "I can't look at pictures yet, because my model has not been downloaded. Your picture "
            "is kept, and I will answer as soon as the model is there."
        )
