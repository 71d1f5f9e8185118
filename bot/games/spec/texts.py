"""What all games say: the sentences that they share, and those that each of them must have."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from bot.games.rules.events import Toast
from bot.games.rules.round import End, Note, Player
from bot.i18n.formatter import Formatter
from bot.i18n.lengths import shortened

# The longest label in a line of a result, on a button and in a toast; in UTF-16 units.
LINE_LENGTH, _BUTTON_LENGTH, TOAST_LENGTH = 60, 40, 60
MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}
NO_MEDAL = "▫️"

# Returns a link to a person as HTML. Takes their id, their username, and their name as HTML.
Link = Callable[[int, str, str], str]


class CommonTexts(Formatter):
    """What is said in all games."""

    def name_of(self, player: Player, link: Link) -> str:
        """Return a player's name with a link, as HTML; nobody learns who a hidden player is."""
        if player.hidden or not player.name:
            return self._("somebody")
        return link(player.id, player.username, self.quote(player.name))

    def may_not_end(self) -> str:
        return self._(
            "Only the person who started the game, or an admin of the group, can do that."
        )

    def toast(self, toast: Toast) -> str:
        """Return what the person who pressed is told: at most 200 UTF-16 units, no markup."""
        label = shortened(toast.label, TOAST_LENGTH)
        match toast.note:
            case Note.NOTED:
                return self._("✔ noted: {label}").format(label=label)
            case Note.ONLY_STARTER:
                return self.may_not_end()
            case Note.YOURS:
                return self._("⏱ {time} left. Yours: {label}").format(
                    time=self.length_of_time(toast.seconds), label=label
                )
            case Note.NOTHING_YET:
                return self._("⏱ {time} left. You have sent nothing yet.").format(
                    time=self.length_of_time(toast.seconds)
                )
            case _:
                return self._("This round is over.")


class GameTexts(CommonTexts, ABC):
    """What one game says. Names of players come as HTML that `name_of` made."""

    @abstractmethod
    def name(self) -> str:
        """Return the game's name, without markup: the heading of charts and leaderboards."""

    @abstractmethod
    def how_to_start(self) -> str:
        """Return a line for the menu of games, as HTML."""

    @abstractmethod
    def help_line(self) -> str:
        """Return a line for `/help`, as HTML: the command and what the game is about."""

    @abstractmethod
    def menu_entry(self) -> str:
        """Return what the platform's command menu says: at most 256 characters, no markup."""

    @staticmethod
    def on_button(label: str) -> str:
        """Return a label as a button shows it: shortened, and not HTML."""
        return shortened(label, _BUTTON_LENGTH)

    def players_in(self, names: Sequence[str], count: int) -> str:
        """Return who takes part; `count` may be more than there are names."""
        return f"👥 {count}: {', '.join(names)}{self.and_more(max(0, count - len(names)))}"

    def time_is_up(self) -> str:
        return self._("⏳ Time is up! CLIP is looking …")

    def time_button(self) -> str:
        return self._("⏱ Time left")

    def ended_without_points(self, end: End) -> str:
        match end:
            case End.NO_PICTURE:
                return self._("I can't look at that picture. No points this time.")
            case End.NO_ANSWER:
                return self._("CLIP did not answer in time. No points this time.")
            case End.TOO_FEW:
                return self._("Too few people played. No points this time.")
            case _:
                return self._("⏹ The game was cancelled. No points this time.")
