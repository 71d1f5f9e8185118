"""What the bot says about itself: greetings, help, what is stored, its profile and its menus."""

from collections.abc import Sequence

from bot.i18n.formatter import Formatter


class Introductions(Formatter):
    """Sentences for people who do not know the bot yet, in one language."""

    # -- greetings and help -----------------------------------------------------------------------

    def start(self, name: str) -> str:
        return self._(
            "Hello {name}! 👋 Send me a photo with a caption such as\n"
            "<code>a blurry cat, a fast sports car, a tree</code>\n"
            "and I'll tell you which phrase fits it best, with a chart. Any phrases work.\n\n"
            "{limits}\n\n"
            "/labels keeps phrases for photos without a caption. /help tells you more."
        ).format(name=self.quote(name), limits=self.far_and_near())

    def start_in_group(self) -> str:
        """Return what the bot can do in a group, in three lines; also said when it is added."""
        return self._(
            "Hello! 👋 I tell you which phrase fits a picture best, with a chart.\n"
            "📷 Reply to a picture with <code>/classify a dog, a cat</code>, or write that as the "
            "caption of a new one. I look at no other pictures here.\n"
            "🎲 /play starts a game for the whole group. /help tells you more."
        )

    def demo_note(self) -> str:
        return self._(
            "ℹ️ This bot runs its small demo model: it knows drawings and shapes, not photographs."
        )

    def help(self, max_labels: int) -> str:
        return self._(
            "<b>How to ask</b>\n"
            "• Send a photo, a sticker or a picture file; its caption holds the phrases, "
            "separated by commas: <code>a dog, a cat</code>. Put a phrase that has a comma in "
            "quotes.\n"
            "• Or reply to a picture with phrases. Two or more phrases without a reply, within "
            "ten minutes, are about your last picture.\n"
            "• An album with one caption gets one answer. With several, each caption is about its "
            "own picture and the ones after it that have none.\n"
            "• Edit the caption, and I edit my answer.\n"
            "• In groups: <code>/classify a dog, a cat</code> as a caption, or as a reply to a "
            "picture.\n"
            "\n"
            "<b>Commands</b>\n"
            "/labels a dog, a cat – your phrases for pictures without a caption\n"
            "/labels – show them, your sets and ready-made ones; /labels clear – forget them\n"
            "/labels save pets a dog, a cat – keep a set: <code>#pets</code> as a caption means "
            "it\n"
            "/template a photo of {{}} – put each phrase into a sentence; /template shows more\n"
            "/language – {languages}\n"
            "/play – games with CLIP as the referee, best in a group\n"
            "/cancel – take back pictures that wait\n"
            "/privacy – what is stored, and how to delete it\n"
        ).format(languages=self.languages()) + self._limits(max_labels)

    def help_in_group(self, max_labels: int, games: Sequence[str]) -> str:
        """Return the help for groups; `games` are HTML, a line for each game."""
        return self._(
            "<b>How to ask</b>\n"
            "• Reply to a picture with <code>/classify a dog, a cat</code>, or write that as the "
            "caption of a new one. Separate phrases by commas; put a phrase that has a comma in "
            "quotes.\n"
            "• /classify alone uses the phrases that admins chose with /labels group, or yours, or "
            "asks for some. <code>/classify #pets</code> uses your set of that name.\n"
            "• Edit your message, and I edit my answer.\n"
            "• I look at no other pictures here. In a private chat with me a caption without a "
            "command is enough.\n"
            "\n"
            "<b>Games</b>\n"
            "/play – the games as buttons\n"
            "{games}\n"
            "/score – who leads; /skip – end the round; /stop – cancel the game\n"
            "/settings – how games are played here\n"
            "\n"
            "<b>Yours, in all chats</b>\n"
            "/labels a dog, a cat – your phrases; /labels – show them and your sets\n"
            "/template a photo of {{}} – put each phrase into a sentence; /template shows more\n"
            "/language – {languages}\n"
            "/privacy – what is stored; /forget – delete what you won\n"
        ).format(games="\n".join(games), languages=self.languages()) + self._limits(max_labels)

    def _limits(self, max_labels: int) -> str:
        limit = self._n("Up to {count} phrase.", "Up to {count} phrases.", max_labels)
        return f"\n{limit.format(count=max_labels)} {self.far_and_near()}"

    def far_and_near(self) -> str:
        """Return how far an answer can be trusted; README.md, "Limits and warnings", says why."""
        return self._(
            "I only compare, so the best phrase wins even if none fits: I notice what is very "
            "different (a pizza is no dog), but not what is similar (a wolf looks like a dog)."
        )

    def privacy(self, hours: int, link_days: int, removed_days: int) -> str:
        return self._(
            "<b>What is stored</b>\n"
            "• Your language, phrases, sets and template, and the tips that you got, until you "
            "delete them; links to your sets for {link_days} days.\n"
            "• Which message asked and which one answered, with the answer's phrases and numbers "
            "and the ids of the picture files, for {hours} hours, so that an edited caption can "
            "edit the answer and the buttons under it work; albums and videos with their captions "
            "as well.\n"
            "• Games: what is sent in a round, until it ends; what you won in each chat, with your "
            "name, until you send /forget, or for {removed_days} days after I was removed from "
            "that chat.\n"
            "• Pictures, only while they wait in the queue. Then they are deleted. Only the model "
            "looks at them.\n"
            "• What I could not answer because of an error of mine, for up to 7 days, so that the "
            "error can be found."
        ).format(hours=hours, link_days=link_days, removed_days=removed_days)

    def delete_button(self) -> str:
        return self._("Delete what you know about me")

    def deleted(self) -> str:
        return self._(
            "Done: your language, phrases, sets, template, past questions and points are deleted."
        )

    def my_data_button(self) -> str:
        return self._("Send me my data")

    def my_data(self) -> str:
        """Return the caption of the file with everything that is stored about a person."""
        return self._("Everything that I store about you. Times are in UTC.")

    def my_data_not_sent(self) -> str:
        return self._("I can't send files here. Please ask the person who runs this bot.")

    def my_data_in_private(self) -> str:
        """Return what a person is told who asks for their data where others would see it."""
        return self._("Ask me in a private chat: /privacy")

    def privacy_again(self) -> str:
        """Return what a person is told whose button is too old."""
        return self._("That was too long ago. Send /privacy again.")

    # -- the profile, without markup: at most 512 and 120 characters ------------------------------

    def description(self) -> str:
        """Return the answer to "What can this bot do?", which an empty chat shows."""
        return self._(
            "Send me a photo, with a few phrases as its caption:\n"
            "a blurry cat, a fast sports car, a tree\n"
            "I tell you which phrase fits it best, with a chart of them all. Any phrases work.\n"
            "\n"
            "In groups: /classify a dog, a cat as a reply to a photo, and games with /play.\n"
            "\n"
            "{limits}"
        ).format(limits=self.far_and_near())

    def short_description(self) -> str:
        """Return the line on the bot's profile, which is also shown with links to the bot."""
        return self._("I sort photos by any phrases, with a chart; in groups I play games, too.")

    # -- the command menu: at most 256 characters each --------------------------------------------

    def menu_private(self) -> list[tuple[str, str]]:
        """Return commands and their descriptions, for private chats."""
        return [
            ("labels", self._("your phrases and sets, for pictures without a caption")),
            ("play", self._("games with CLIP as the referee")),
            ("template", self._("a sentence around each phrase")),
            ("language", self.languages()),
            ("cancel", self._("take back pictures that wait")),
            ("privacy", self._("what is stored, and how to delete it")),
            ("help", self._("how to ask")),
        ]

    def menu_group(self, games: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return commands and their descriptions, for groups; `games` starts the games."""
        return [
            ("classify", self._("sort a picture: reply to it with phrases")),
            ("play", self._("games with CLIP as the referee")),
            *games,
            ("score", self._("who leads in this chat")),
            ("skip", self._("end the round at once")),
            ("stop", self._("cancel the game")),
            ("settings", self._("how games are played here")),
            ("forget", self._("delete what I won, and hide me")),
            ("labels", self._("phrases and sets for /classify alone")),
            ("help", self._("how to ask")),
        ]
