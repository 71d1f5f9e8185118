"""Every sentence of the bot but those of its games, as a method that takes the values in it.

Texts are HTML as Telegram knows it. What people typed is escaped here, and nowhere else.
"""

from collections.abc import Sequence
from functools import cache

from bot.i18n.button_sentences import ButtonSentences
from bot.i18n.languages import languages, own_name
from bot.i18n.results import ResultSentences
from bot.i18n.waits import WaitSentences
from inference.protocol.errors import (
    LabelsRefused,
    LabelTooLong,
    NoLabels,
    Problem,
    ProblemCode,
    TooManyLabels,
    megapixels,
    megapixels_allowed,
)
from inference.protocol.labels import AUTO_TEMPLATE


@cache
def speak(language: str) -> "Sentences":
    """Return the sentences in a language of `languages()`."""
    return Sentences(language)


class Sentences(ResultSentences, WaitSentences, ButtonSentences):
    """What the bot says in one language."""

    # -- what the bot does not do ---------------------------------------------------------------

    def unknown_command(self) -> str:
        return self._("I don't know that command. /help lists those that I do.")

    def only_pictures(self) -> str:
        return self._(
            "I look at pictures. Send me a photo with a caption such as "
            "<code>a dog, a cat</code>, or see /help."
        )

    def one_phrase(self) -> str:
        return self._(
            "Do you mean your last picture? Reply to it with that phrase, or send me several, "
            "separated by commas: <code>a dog, a cat</code>"
        )

    def picture_forgotten(self) -> str:
        return self._(
            "I no longer know that picture. Please send it again, with phrases as its caption."
        )

    def moving_picture(self) -> str:
        return self._("I can't watch moving pictures. Send me a photo or a still sticker.")

    def not_allowed(self) -> str:
        return self._("This bot is private. The person who runs it decides who can use it.")

    # -- labels, template, language -------------------------------------------------------------

    def labels_set(self, labels: Sequence[str]) -> str:
        return self._n(
            "Noted: {labels}. Photos without a caption are now compared with this phrase.",
            "Noted: {labels}. Photos without a caption are now sorted by these {count} phrases.",
            len(labels),
        ).format(labels=self.list_of(labels), count=len(labels))

    def labels_set_in_group(self, labels: Sequence[str]) -> str:
        return self._n(
            "Noted: {labels}. /classify alone now compares with this phrase.",
            "Noted: {labels}. /classify alone now sorts by these {count} phrases.",
            len(labels),
        ).format(labels=self.list_of(labels), count=len(labels))

    def labels_shown(self, labels: Sequence[str], room: int) -> str:
        """Return the phrases in use, as many as fit into `room` UTF-16 units."""
        return self._("Your phrases: {labels}").format(labels=self.list_of(labels, room))

    def labels_none(self) -> str:
        return self._("You have no phrases stored. Set some: <code>/labels a dog, a cat</code>")

    def labels_cleared(self) -> str:
        return self._("Your phrases are forgotten.")

    def template_set(self, template: str | None) -> str:
        """Return what a template does from now on: to put labels in it, `auto`, or none."""
        if template is None:
            return self._("Phrases are used as you type them from now on.")
        if template == AUTO_TEMPLATE:
            return self._("Noted: <code>auto</code>.") + " " + self._auto_template()
        example = self._("dog")
        return self._("Noted: “{label}” becomes “{sentence}”.").format(
            label=example, sentence=self.quote(template.replace("{}", example))
        )

    def template_shown(self, template: str | None) -> str:
        if template is None:
            return self._(
                "Phrases are used as you type them. Choose a template, or type one with {{}} where "
                "the phrase goes: <code>/template a drawing of {{}}</code>"
            ).format()
        text = self._("Your template: <code>{template}</code>.").format(
            template=self.quote(template)
        )
        return f"{text} {self._auto_template()}" if template == AUTO_TEMPLATE else text

    def _auto_template(self) -> str:
        return self._(
            "Bare words such as “dog” are read in seven sentences, and the average counts. "
            "Longer phrases stay as you type them."
        )

    def as_typed_button(self) -> str:
        return self._("as typed")

    def template_of_somebody_else(self) -> str:
        return self._("These buttons are somebody else's. /template gives you your own.")

    def template_wrong(self, limit: int) -> str:
        return self._(
            "A template needs exactly one {{}} where the phrase goes, and at most {limit} "
            "characters: <code>/template a photo of {{}}</code>"
        ).format(limit=limit)

    def language_question(self) -> str:
        return self._("Which language should I speak?")

    def language_set(self) -> str:
        return self._("I speak {language} now.").format(language=own_name(self.language))

    def language_unknown(self) -> str:
        return self._("I speak {languages}.").format(languages=", ".join(languages().values()))

    # -- asking back --------------------------------------------------------------------------

    def which_phrases(self) -> str:
        """Return our question for phrases. Old words stay known: see `bot.chat.targets`."""
        return self._(
            "Nice picture! Which phrases should I compare it with? "
            "Reply with a few, separated by commas."
        )

    def phrases_placeholder(self) -> str:
        return self._("a dog, a cat, a tree")

    def reply_to_picture(self) -> str:
        return self._(
            "Reply to a picture with <code>/classify a dog, a cat</code>, "
            "or write that as the picture's caption."
        )

    # -- refusals -----------------------------------------------------------------------------

    def labels_refused(self, error: LabelsRefused) -> str:
        match error:
            case TooManyLabels():
                return self._n(
                    "Those are {got} phrases, but the limit is {limit}.",
                    "Those are {got} phrases, but the limit is {limit}.",
                    error.limit,
                ).format(got=error.got, limit=error.limit)
            case LabelTooLong():
                return self._(
                    "The phrase “{start}…” has {got} characters, but the limit is {limit}."
                ).format(
                    start=self.quote(error.label[:30]), got=len(error.label), limit=error.limit
                )
            case NoLabels() | _:
                return self._(
                    "I found no phrases in that. Separate them by commas: <code>a dog, a cat</code>"
                )

    def file_too_big(self, limit_megabytes: float) -> str:
        return self._(
            "That file is too big: I can only fetch files of up to {limit} MB. "
            "Send it as a photo, or send a smaller file."
        ).format(limit=self.number(limit_megabytes))

    def album_too_big(self, limit_megabytes: float | None) -> str:
        if limit_megabytes is None:
            return self._(
                "These files are too big for me. Send them as photos, or fewer at a time."
            )
        return self._(
            "Together, these files have over {limit} MB. Send them as photos, or fewer at a time."
        ).format(limit=self.number(limit_megabytes))

    def file_too_big_here(self, limit_megabytes: float | None) -> str:
        if limit_megabytes is None:
            return self._(
                "That file is too big for me. Send it as a photo, or send a smaller file."
            )
        return self._(
            "That file is too big for me: I accept up to {limit} MB. Send it as a photo, or send a "
            "smaller file."
        ).format(limit=self.number(limit_megabytes))

    def file_gone(self) -> str:
        return self._("The chat no longer has that picture. Please send it again.")

    def too_many_in_flight(self, limit: int) -> str:
        return self._n(
            "I am still busy with a picture of yours. Send this one again in a moment.",
            "I am still busy with {limit} pictures of yours. Send this one again in a moment.",
            limit,
        ).format(limit=limit)

    def queue_full(self) -> str:
        return self._("Too many people at once! Please send that again in a minute.")

    def apology(self) -> str:
        return self._("Sorry, something went wrong on my side. The error has been logged.")

    def problem(self, problem: Problem) -> str:
        limit = self.number(problem.limit or 0)
        match problem.code:
            case ProblemCode.NOT_AN_IMAGE:
                return self._("That file is not a picture that I can read.")
            case ProblemCode.UNSUPPORTED_FORMAT:
                return self._(
                    "I can't read this kind of picture. JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and "
                    "AVIF work."
                )
            case ProblemCode.IMAGE_TRUNCATED:
                return self._("That picture is damaged: its file ends too early or is broken.")
            case ProblemCode.TOO_MANY_PIXELS:
                return self._(
                    "That picture has {got} megapixels, but the limit is {limit}. "
                    "Send a smaller one."
                ).format(
                    got=self.tenths(megapixels(problem.got or 0)),
                    limit=self.tenths(megapixels_allowed(problem.limit or 0)),
                )
            case ProblemCode.TOO_LARGE_FOR_HOST:
                return self._(
                    "That picture is too large for my server's memory, so I can't read it. "
                    "Send a smaller one."
                )
            case ProblemCode.IMAGE_TOO_SMALL:
                return self._(
                    "That picture is too small to see anything: each side needs {limit} pixels."
                ).format(limit=limit)
            case _:
                return self.apology()

    # -- the host's view ----------------------------------------------------------------------

    def status(self, waiting: int, workers: Sequence[str]) -> str:
        return self._("Jobs waiting: {waiting}\nWorkers:\n{workers}").format(
            waiting=waiting,
            workers="\n".join(f"• {self.quote(worker)}" for worker in workers)
            or self._("none at all"),
        )

    def takes_no_jobs(self) -> str:
        """Return what `/status` says about a worker that has another model than this bot."""
        return self._("takes no jobs of this bot")

    def no_worker_for(self, model: str) -> str:
        return self._(
            "No worker takes jobs for {model}, so pictures wait. Start one with the same "
            "CLIP_MODEL and version as the bot."
        ).format(model=self.quote(model))
