"""What is said around games: names, menus, refusals, leaderboards, settings."""

from collections.abc import Sequence

from bot.games.rules import Game, Player
from bot.i18n.formatter import Formatter
from bot.i18n.languages import languages


class GameSentences(Formatter):
    """Everything about games but their boards."""

    def name_of(self, player: Player, *, linked: bool) -> str:
        """A player's name, as HTML.

        Args:
            linked: as a mention. Only in edits: those never ping anybody, while a new message
                with a mention would. New messages link to the username, where there is one.
        """
        if player.hidden or not player.name:
            return self._("somebody")
        name = self.quote(player.name)
        if linked:
            return f'<a href="tg://user?id={player.id}">{name}</a>'
        if player.username:
            return f'<a href="https://t.me/{player.username}">{name}</a>'
        return f"<b>{name}</b>"

    def games_menu(self) -> str:
        return self._(
            "🎲 <b>Games</b>, with CLIP as the referee. Which one?\n"
            "\n"
            "🎯 <b>Beat CLIP</b>: reply to a photo with <code>/guess a dog, a cat, a tree</code>\n"
            "⚔️ <b>Caption duel</b>: reply to a photo with /duel\n"
            "🔎 <b>Photo hunt</b>: <code>/hunt a red thing</code>, or /hunt alone\n"
            "\n"
            "/skip ends a round at once, /stop calls it off, /score shows who leads."
        )

    def photo_first(self, game: Game) -> str:
        """At most 200 characters, without markup."""
        return self._("Reply to a photo with /{game}, or write it under a new one.").format(
            game=game.value
        )

    def game_running(self) -> str:
        return self._("A game is running here already. /stop calls it off.")

    def game_ending(self) -> str:
        return self._("The last game is still being put away. Try again in a minute.")

    def game_not_running(self) -> str:
        return self._("No game is running here. /play starts one.")

    def may_not_end(self) -> str:
        return self._(
            "Only the person who started the game, or an admin of the group, can do that."
        )

    def may_not_start(self) -> str:
        return self._("Only admins of this group start games here; see /settings.")

    def game_photo_missing(self, game: Game) -> str:
        return self._(
            "Reply to a photo with <code>/{game}</code>, or write that as a new photo's caption."
        ).format(game=game.value)

    def hunt_phrase_wrong(self, limit: int) -> str:
        return self._(
            "Hunt for one thing of up to {limit} characters: <code>/hunt a red thing</code>. "
            "With /hunt alone I choose one."
        ).format(limit=limit)

    def duel_needs_group(self) -> str:
        return self._("A duel needs two players: start it in a group.")

    def guess_labels_wrong(self, least: int, limit: int) -> str:
        return self._(
            "Beat CLIP needs {least} to {limit} labels, separated by commas: "
            "<code>/guess a dog, a cat, a tree</code>. Without any I choose them."
        ).format(least=least, limit=limit)

    # -- leaderboards ---------------------------------------------------------------------------

    def score_heading(self) -> str:
        return self._("🏆 <b>Leaderboard</b> of this chat")

    def this_week(self) -> str:
        return self._("This week")

    def all_time(self) -> str:
        return self._("All time")

    def score_section(self, title: str, lines: Sequence[str]) -> str:
        """One leaderboard; `lines` are HTML."""
        return "\n".join([f"<b>{self.quote(title)}</b>", *lines])

    def score_line(
        self, name: str, points: int, place: int, medals: tuple[int, int, int], streak: int
    ) -> str:
        won = " ".join(
            f"{icon}{count}" for icon, count in zip("🥇🥈🥉", medals, strict=True) if count
        )
        fire = f"🔥{streak}" if streak >= 2 else ""
        more = " · ".join(part for part in (won, fire) if part)
        return f"{place}. {name} – {self.number(points)}{' · ' if more else ''}{more}"

    def no_scores(self) -> str:
        return self._("Nobody has won anything here yet. /play starts a game.")

    def score_help(self) -> str:
        return self._("/score hide – leave me out · /forget – delete what I won")

    def score_hidden(self) -> str:
        return self._(
            "From now on you stand in no leaderboard, and boards call you “somebody”. "
            "<code>/score show</code> undoes that."
        )

    def score_shown(self) -> str:
        return self._("You stand in leaderboards again.")

    def score_forgotten(self) -> str:
        return self._(
            "Done: what you won is deleted, in all chats, and from now on you stand in no "
            "leaderboard. <code>/score show</code> undoes the latter."
        )

    def score_reset(self) -> str:
        return self._("Done: all points of this chat are deleted.")

    # -- settings of a group ----------------------------------------------------------------------

    def game_settings(
        self, times: Sequence[str], language: str | None, limit: int, *, admins_only: bool
    ) -> str:
        """How games are played here; `times` are of Beat CLIP, duel and hunt."""
        return self._(
            "⚙️ <b>Games in this chat</b>\n"
            "⏱ Rounds take {times}.\n"
            "🌐 Boards speak {language}.\n"
            "🔢 A question of Beat CLIP has up to {labels} labels.\n"
            "👥 Who may start a game: {who}.\n"
            "\n"
            "Only admins of the group can change this."
        ).format(
            times=" · ".join(times),
            language=languages().get(language or "") or self._("the starter's language"),
            labels=limit,
            who=self._("admins") if admins_only else self._("everybody"),
        )

    def settings_buttons(self) -> tuple[str, str, str, str]:
        """For length, language, labels, and who may start; without markup."""
        return (
            self._("⏱ Length"),
            self._("🌐 Language"),
            self._("🔢 Labels"),
            self._("👥 Who may start"),
        )

    def settings_only_admins(self) -> str:
        return self._("Only admins of the group can change this.")

    def settings_changed(self) -> str:
        return self._("Noted; the message shows it in a moment.")
