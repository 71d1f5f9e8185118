"""Telegram's side of the bot: the only place that knows python-telegram-bot."""

import sys

# It imports httpx, and httpx its command line with rich and pygments, 3 MB, unless it finds none.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
