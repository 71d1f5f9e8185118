"""What is said around games: menus, refusals, leaderboards, settings."""

from collections.abc import Sequence
from functools import cache

from bot.games.spec.texts import CommonTexts
from bot.i18n import languages


@cache
def command_texts(language: str) -> "CommandTexts":
    """Return the sentences in a language of `bot.i18n.languages()`."""
    return CommandTexts(language)


class CommandTexts(CommonTexts):
    """The commands of all games in one language. `game` is a game's command."""

    # -- starting and ending ----------------------------------------------------------------------

    def games_menu(self, games: Sequence[str]) -> str:
        """Return the text over the buttons of `/play`; `games` are HTML, a line for each."""
        return self._(
            "🎲 <b>Games</b>, with CLIP as the referee. Which one?\n"
            "\n"
            "{games}\n"
            "\n"
            "/skip ends a round at once, /stop cancels it, /score shows who leads."
        ).format(games="\n".join(games))

    def photo_first(self, game: str) -> str:
        """Return why a press starts nothing: at most 200 characters, without markup."""
        return self._("Reply to a photo with /{game}, or write it under a new one.").format(
            game=game
        )

    def photo_missing(self, game: str) -> str:
        return self._(
            "Reply to a photo with <code>/{game}</code>, or write that as a new photo's caption."
        ).format(game=game)

    def group_needed(self, name: str) -> str:
        return self._("{name} needs at least two players: start it in a group.").format(name=name)

    def running(self) -> str:
        return self._("A game is already running here. /stop cancels it.")

    def ending(self) -> str:
        return self._("The last game is still ending. Try again in a minute.")

    def not_running(self) -> str:
        return self._("No game is running here. /play starts one.")

    def may_not_start(self) -> str:
        return self._("Only admins of this group can start games; see /settings.")

    # -- leaderboards -----------------------------------------------------------------------------

    def score_heading(self) -> str:
        return self._("🏆 <b>Leaderboard</b> of this chat")

    def this_week(self) -> str:
        return self._("This week")

    def all_time(self) -> str:
        return self._("All time")

    def score_section(self, title: str, lines: Sequence[str]) -> str:
        """Return one leaderboard; `lines` are HTML."""
        return "\n".join([f"<b>{self.quote(title)}</b>", *lines])

    def score_line(
        self, name: str, points: int, rank: int, medals: tuple[int, int, int], streak: int
    ) -> str:
        """Return a player's line; `name` is HTML."""
        won = " ".join(
            f"{icon}{count}" for icon, count in zip("🥇🥈🥉", medals, strict=True) if count
        )
        fire = f"🔥{streak}" if streak >= 2 else ""
        more = " · ".join(part for part in (won, fire) if part)
        return f"{rank}. {name} – {self.number(points)}{' · ' if more else ''}{more}"

    def no_scores(self) -> str:
        return self._("Nobody has won anything here yet. /play starts a game.")

    def score_help(self) -> str:
        return self._("/score hide – leave me out · /forget – delete what I won")

    def score_hidden(self) -> str:
        return self._(
            "Done: leaderboards leave you out, and games call you “somebody”. "
            "<code>/score show</code> undoes that."
        )

    def score_shown(self) -> str:
        return self._("Done: leaderboards show you again.")

    def score_forgotten(self) -> str:
        return self._(
            "Done: what you won is deleted, in all chats, and leaderboards leave you out from now "
            "on. <code>/score show</code> lets them show you again."
        )

    def score_reset(self) -> str:
        return self._("Done: all points of this chat are deleted.")

    # -- settings of a group ----------------------------------------------------------------------

    def settings(
        self, times: Sequence[str], language: str | None, limit: int, *, admins_only: bool
    ) -> str:
        """Return how games are played in a chat; `times` has a length of time for each game."""
        return self._(
            "⚙️ <b>Games in this chat</b>\n"
            "⏱ Rounds take {times}.\n"
            "🌐 Boards are in {language}.\n"
            "🔢 A question has up to {labels} phrases.\n"
            "👥 Who can start a game: {who}.\n"
            "\n"
            "Only admins of the group can change this."
        ).format(
            times=" · ".join(times),
            language=languages().get(language or "") or self._("the starter's language"),
            labels=limit,
            who=self._("admins") if admins_only else self._("everybody"),
        )

    def settings_buttons(self) -> tuple[str, str, str, str]:
        """Return the buttons for length, language, labels, and who can start; without markup."""
        return (
            self._("⏱ Length"),
            self._("🌐 Language"),
            self._("🔢 Phrases"),
            self._("👥 Who can start"),
        )

    def settings_only_admins(self) -> str:
        return self._("Only admins of the group can change this.")

    def settings_changed(self) -> str:
        return self._("Noted; the message will show it in a moment.")
