"""Telegram's side of the bot: the only place that knows python-telegram-bot."""
