"""What is said around games: names, menus, refusals, leaderboards, settings."""

from bot.games import Game, Player
from bot.texts.pieces import Pieces


class GameSentences(Pieces):
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

    def game_not_running(self) -> str:
        return self._("No game is running here. /play starts one.")

    def may_not_end(self) -> str:
        return self._("Only who started the game, or an admin of the group, can do that.")

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
