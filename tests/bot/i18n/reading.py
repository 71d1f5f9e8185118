"""What a person sees of a text with markup."""

from clipbot_playground.botapi.model.html_markup import parse_html


def shown(html: str) -> str:
    """The text without its markup; a fault of the markup is raised, as Telegram would refuse it."""
    return parse_html(html, lambda _: None)[0]
