"""Settings of the bot, from the environment or `.env`; see `.env.example` for each."""

import hashlib
import hmac
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from inference.protocol.settings import SharedSettings

_TOKEN = re.compile(r"\d+:[\w-]+")
# Bot API, setWebhook: "1-256 characters. Only characters A-Z, a-z, 0-9, _ and - are allowed."
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}

Ids = Annotated[frozenset[int], NoDecode]


class BotSettings(SharedSettings):
    """What `clipbot run` reads."""

    telegram_bot_token: SecretStr
    telegram_api_url: str = "https://api.telegram.org"
    data_dir: Path = Path("data")
    database_url: str = ""
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    webhook_listen: str = "127.0.0.1"
    webhook_port: Annotated[int, Field(ge=0, le=65_535)] = 8_443
    admin_ids: Ids = frozenset()
    allowed_chats: Ids = frozenset()
    max_per_user: Annotated[int, Field(ge=1, le=10_000)] = 10
    # Minutes after which people are told that their picture still waits (no worker, no model).
    wait_notice_minutes: Annotated[float, Field(gt=0, le=1_440)] = 10.0

    @field_validator("telegram_bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("a token as @BotFather gives it, such as 123456:ABC-DEF1234")
        return value

    @field_validator("telegram_api_url", "webhook_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc):
            raise ValueError("a web address that begins with https:// or http://")
        return value.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("1 to 256 of the characters A-Z, a-z, 0-9, _ and -")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value:
            return value
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError(
                "an address such as sqlite:///data/clipbot.db or postgresql://user@host/name"
            ) from None
        driver = _DRIVERS.get(url.drivername.split("+")[0])
        if driver is None:
            raise ValueError("an address that begins with sqlite:/// or postgresql://")
        return url.set(drivername=driver).render_as_string(hide_password=False)

    @field_validator("admin_ids", "allowed_chats", mode="before")
    @classmethod
    def _ids(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return frozenset(int(part) for part in re.split(r"[,\s]+", value.strip("[] ")) if part)
        except ValueError:
            raise ValueError("numeric Telegram ids separated by commas") from None

    @property
    def token(self) -> str:
        """The bot's token as plain text."""
        return self.telegram_bot_token.get_secret_value()

    @property
    def bot_id(self) -> int:
        """The bot's own user id: the digits before the colon of its token."""
        return int(self.token.split(":")[0])

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database, asynchronous driver included."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'clipbot.db'}"

    @property
    def effective_webhook_secret(self) -> str:
        """WEBHOOK_SECRET, or one derived from the token, so that no webhook is ever open."""
        return (
            self.webhook_secret.get_secret_value()
            or hmac.new(self.token.encode(), b"clipbot webhook", hashlib.sha256).hexdigest()
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must never be seen in a log."""
        passwords = [urlsplit(self.database_url).password or "", *self.nats_secrets]
        texts = [self.token, self.token.split(":")[1], self.effective_webhook_secret, *passwords]
        # Hiding a two-letter password would make logs unreadable and protect nothing.
        return tuple(text for text in texts if len(text) >= 4)
