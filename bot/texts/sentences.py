"""Every sentence of the bot, as a method that takes what it speaks of.

Texts are Telegram-style HTML: values that people typed are escaped here, once. Nothing else in
the bot holds words.
"""

from collections.abc import Sequence
from functools import cache

from babel.numbers import get_decimal_symbol

from bot.texts.game_sentences import GameSentences
from bot.texts.languages import LANGUAGES
from bot.texts.round_sentences import RoundSentences
from inference.contract import ChartWords
from inference.errors import (
    LabelsRefused,
    LabelTooLong,
    NoLabels,
    Problem,
    ProblemCode,
    TooManyLabels,
    megapixels,
    megapixels_allowed,
)


@cache
def speak(language: str) -> "Sentences":
    """The sentences in a language of LANGUAGES."""
    return Sentences(language)


class Sentences(RoundSentences, GameSentences):
    """What the bot says in one language."""

    def chart_words(self) -> ChartWords:
        """What a chart says besides the labels; the worker knows no language."""
        return ChartWords(
            title=self._("What CLIP sees"),
            something_else=self.something_else(),
            # Translators: {share} is a percentage, e.g. "2.1 %"
            and_more=self._("and {count} more: {share}"),
            independent=self._("Scores are independent: they need not add up to 100 %."),
            demo=self._("demo model: knows drawings and shapes, not photographs"),
            unreadable=self._("not readable"),
            decimal_point=get_decimal_symbol(self.language),
        )

    def something_else(self) -> str:
        """What a single label is compared with."""
        return self._("something else")

    # -- greetings and help -----------------------------------------------------------------------

    def start(self, name: str) -> str:
        return self._(
            "Hello {name}! 👋 Send me a photo with a caption such as\n"
            "<code>a blurry cat, a fast sports car, a tree</code>\n"
            "and I tell you which phrase fits it best, with a chart. Any phrases work.\n\n"
            "/labels keeps phrases for photos without a caption. /help tells the rest."
        ).format(name=self.quote(name))

    def start_in_group(self) -> str:
        return self._(
            "Hello! 👋 In a group I only look at pictures that you show me: reply to one "
            "with\n"
            "<code>/classify a blurry cat, a fast sports car</code>\n"
            "or write that as the caption of a new one, and I tell you which phrase fits it best.\n"
            "\n"
            "/play starts a game. /help tells the rest."
        )

    def demo_note(self) -> str:
        return self._(
            "ℹ️ This bot runs its small demo model: it knows drawings and shapes, not photographs."
        )

    def help(self, max_labels: int) -> str:
        return self._(
            "<b>How to ask</b>\n"
            "• Send a photo, a sticker or a picture file; its caption holds the phrases, "
            "separated by commas: <code>a dog, a cat</code>. Quotes protect a comma.\n"
            "• Or reply to a picture with phrases. Two or more without a reply, within ten "
            "minutes, mean your last picture.\n"
            "• An album with one caption gets one answer. With several, each caption is about its "
            "own picture, and those without one after it.\n"
            "• Edit the caption, and I edit my answer.\n"
            "• In groups: <code>/classify a dog, a cat</code> as a caption, or as a reply to a "
            "picture.\n"
            "\n"
            "<b>Commands</b>\n"
            "/labels a dog, a cat – your phrases for pictures without a caption\n"
            "/labels – show them, /labels clear – forget them\n"
            "/template a photo of {{}} – put each phrase into a sentence; /template clear\n"
            "/language – English or Spanish\n"
            "/play – games with CLIP as the referee, best in a group\n"
            "/cancel – forget my question\n"
            "/privacy – what is stored, and how to delete it\n"
            "\n"
            "Up to {max_labels} phrases. I compare, I don't know: the best phrase wins even if "
            "none fits."
        ).format(max_labels=max_labels)

    def privacy(self, hours: int) -> str:
        return self._(
            "<b>What is stored</b>\n"
            "• Your language, phrases and template, until you delete them.\n"
            "• Which message asked and which one answered, with Telegram's file ids, for {hours} "
            "hours, so that an edited caption can edit the answer; albums with their captions as "
            "well.\n"
            "• Games: what is sent in a round, until it ends; what you won, with your name and "
            "chat by chat, until you send /forget.\n"
            "• Pictures only while they wait in the queue. They are then gone, and nobody looks at "
            "them but the model.\n"
            "• What could not be answered because of a mistake of mine, for up to 7 days, so that "
            "the mistake can be found."
        ).format(hours=hours)

    def delete_button(self) -> str:
        return self._("Delete what you know about me")

    def deleted(self) -> str:
        return self._(
            "Done: your language, phrases, template, past questions and points are deleted."
        )

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
        return self._("This bot is private. Its host decides who may use it.")

    # -- labels, template, language -------------------------------------------------------------

    def labels_set(self, labels: Sequence[str]) -> str:
        return self._n(
            "Noted: {labels}. Photos without a caption are now compared with this phrase.",
            "Noted: {labels}. Photos without a caption are now sorted by these {count} phrases.",
            len(labels),
        ).format(labels=self.list_of(labels), count=len(labels))

    def labels_shown(self, labels: Sequence[str]) -> str:
        return self._("Your phrases: {labels}").format(labels=self.list_of(labels))

    def labels_none(self) -> str:
        return self._("You have no phrases stored. Set some: <code>/labels a dog, a cat</code>")

    def labels_cleared(self) -> str:
        return self._("Your phrases are forgotten.")

    def template_set(self, template: str) -> str:
        example = self._("dog")
        return self._("Noted: “{label}” becomes “{sentence}”.").format(
            label=example, sentence=self.quote(template.replace("{}", example))
        )

    def template_shown(self, template: str) -> str:
        return self._(
            "Your template: <code>{template}</code>. /template clear uses phrases as typed."
        ).format(template=self.quote(template))

    def template_none(self) -> str:
        return self._(
            "Phrases are used as you type them. Set a template, with {{}} where the phrase goes: "
            "<code>/template a photo of {{}}</code>"
        ).format()

    def template_cleared(self) -> str:
        return self._("Phrases are used as you type them from now on.")

    def template_wrong(self, limit: int) -> str:
        return self._(
            "A template needs exactly one {{}} where the phrase goes, and at most {limit} "
            "characters: <code>/template a photo of {{}}</code>"
        ).format(limit=limit)

    def language_question(self) -> str:
        return self._("Which language shall I speak?")

    def language_set(self) -> str:
        return self._("I speak English now.")

    def language_unknown(self) -> str:
        return self._("I speak {languages}.").format(languages=", ".join(LANGUAGES.values()))

    # -- asking back --------------------------------------------------------------------------

    def which_phrases(self) -> str:
        return self._(
            "Nice picture! Which phrases shall I compare it with? "
            "Reply with a few, separated by commas."
        )

    def phrases_placeholder(self) -> str:
        return self._("a dog, a cat, a tree")

    def reply_to_picture(self) -> str:
        return self._(
            "Reply to a picture with <code>/classify a dog, a cat</code>, "
            "or write that as the picture's caption."
        )

    def nothing_to_cancel(self) -> str:
        return self._("There is nothing to cancel.")

    def cancelled(self) -> str:
        return self._("Forgotten. Send me another picture whenever you like.")

    # -- refusals -----------------------------------------------------------------------------

    def labels_refused(self, error: LabelsRefused) -> str:
        match error:
            case TooManyLabels():
                return self._("Those are {got} phrases, and at most {limit} fit.").format(
                    got=error.got, limit=error.limit
                )
            case LabelTooLong():
                return self._(
                    "The phrase “{start}…” has {got} characters, and at most {limit} fit."
                ).format(
                    start=self.quote(error.label[:30]), got=len(error.label), limit=error.limit
                )
            case NoLabels() | _:
                return self._(
                    "I found no phrases in that. Separate them by commas: <code>a dog, a cat</code>"
                )

    def file_too_big(self, limit_megabytes: float) -> str:
        return self._(
            "That file is too big: Telegram lets bots fetch up to {limit} MB. "
            "Send it as a photo, or smaller."
        ).format(limit=self.number(limit_megabytes))

    def album_too_big(self, limit_megabytes: float) -> str:
        return self._(
            "These files are together over {limit} MB. Send them as photos, or fewer at a time."
        ).format(limit=self.number(limit_megabytes))

    def file_too_big_here(self, limit_megabytes: float) -> str:
        return self._(
            "That file is too big for me: I take up to {limit} MB. Send it as a photo, or smaller."
        ).format(limit=self.number(limit_megabytes))

    def file_gone(self) -> str:
        return self._("Telegram no longer has that picture. Please send it again.")

    def too_many_in_flight(self, limit: int) -> str:
        return self._n(
            "I am still busy with a picture of yours. Send this one again in a moment.",
            "I am still busy with {limit} pictures of yours. Send this one again in a moment.",
            limit,
        ).format(limit=limit)

    def queue_full(self) -> str:
        return self._("Too many people at once! Please send that again in a minute.")

    def still_waiting(self) -> str:
        return self._(
            "Sorry, this takes longer than usual: my eyes are not back yet, or very many people "
            "ask. Your picture is kept, and I answer as soon as I can."
        )

    def picture_lost(self) -> str:
        return self._("Sorry, I lost this picture before I could answer. Please send it again.")

    def model_missing(self) -> str:
        return self._(
            "I can't look at pictures yet: the model that I see with has not arrived here. Your "
            "picture is kept, and I answer as soon as it is there."
        )

    def apology(self) -> str:
        return self._("Sorry, something went wrong on my side. It has been written down.")

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
                    "That picture has {got} megapixels, and at most {limit} fit. Send it smaller."
                ).format(
                    got=self.tenths(megapixels(problem.got or 0)),
                    limit=self.tenths(megapixels_allowed(problem.limit or 0)),
                )
            case ProblemCode.TOO_LARGE_FOR_HOST:
                return self._(
                    "That picture is too large for the memory of my host, so I can't read it. "
                    "Send it smaller."
                )
            case ProblemCode.IMAGE_TOO_SMALL:
                return self._(
                    "That picture is too small to see anything: each side needs {limit} pixels."
                ).format(limit=limit)
            case _:
                return self.apology()

    # -- results ------------------------------------------------------------------------------

    def winner(self, label: str, share: float) -> str:
        return f"🏆 {self.quote(label, 'b')} · {self.percent(share)}"

    def runner_up(self, label: str, share: float) -> str:
        return f"🥈 {self.quote(label)} · {self.percent(share)}"

    def also_ran(self, label: str, share: float) -> str:
        return f"▫️ {self.quote(label)} · {self.percent(share)}"

    def narrow(self) -> str:
        return self._("<i>A narrow win.</i>")

    def none_likely(self) -> str:
        return self._("<i>None of them seems to fit.</i>")

    def skipped(self, numbers: Sequence[int]) -> str:
        return self._(
            "<i>Left out of the album: {numbers}. I only look at still pictures.</i>"
        ).format(numbers=", ".join(map(str, numbers)))

    # -- the host's view ----------------------------------------------------------------------

    def status(self, waiting: int, workers: Sequence[str]) -> str:
        return self._("Jobs waiting: {waiting}\nWorkers:\n{workers}").format(
            waiting=waiting,
            workers="\n".join(f"• {self.quote(worker)}" for worker in workers)
            or self._("none at all"),
        )

    def takes_no_jobs(self) -> str:
        """Of a worker whose model is not this bot's."""
        return self._("takes no jobs of this bot")

    def no_worker_for(self, model: str) -> str:
        return self._(
            "No worker takes jobs for {model}, so pictures wait. Start one with the same "
            "CLIP_MODEL and version as the bot."
        ).format(model=self.quote(model))

    # -- the profile, without markup: at most 512 and 120 characters ------------------------------

    def description(self) -> str:
        """Answers "What can this bot do?" in an empty chat."""
        return self._(
            "Send me a photo, with a few phrases as its caption:\n"
            "a blurry cat, a fast sports car, a tree\n"
            "I tell you which phrase fits it best, with a chart of all. Any phrases work.\n"
            "\n"
            "In groups: /classify a dog, a cat as a reply to a photo, and games with /play.\n"
            "\n"
            "I compare, I don't know: the best phrase wins even if none fits."
        )

    def short_description(self) -> str:
        """Stands on the bot's profile, and with a link to it."""
        return self._("I sort photos by any phrases, with a chart; in groups I play games, too.")

    # -- the command menu: at most 256 characters each --------------------------------------------

    def menu_private(self) -> list[tuple[str, str]]:
        """Commands and their descriptions, for private chats."""
        return [
            ("labels", self._("phrases for pictures without a caption")),
            ("play", self._("games with CLIP as the referee")),
            ("template", self._("a sentence around each phrase")),
            ("language", self._("English or Spanish")),
            ("cancel", self._("forget my question")),
            ("privacy", self._("what is stored, and how to delete it")),
            ("help", self._("how to ask")),
        ]

    def menu_group(self) -> list[tuple[str, str]]:
        """Commands and their descriptions, for groups."""
        return [
            ("classify", self._("sort a picture: reply to it with phrases")),
            ("play", self._("games with CLIP as the referee")),
            ("guess", self._("Beat CLIP: reply to a photo with labels")),
            ("duel", self._("caption duel: reply to a photo")),
            ("hunt", self._("photo hunt: /hunt a red thing")),
            ("score", self._("who leads in this chat")),
            ("skip", self._("end the round at once")),
            ("stop", self._("call the game off")),
            ("settings", self._("how games are played here")),
            ("forget", self._("delete what I won, and hide me")),
            ("labels", self._("phrases for pictures without a caption")),
            ("help", self._("how to ask")),
        ]
