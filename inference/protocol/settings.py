"""Settings of the worker, and the settings that bot and worker share.

They are read from the environment or `.env`. A wrong value stops the start with one sentence that
names the setting, its value and what it can be.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from inference.protocol import models
from inference.protocol.broker import addresses
from inference.protocol.errors import SettingError
from inference.protocol.models import DEMO_MODEL as DEMO_MODEL

DEFAULT_MODEL = "openai/clip-vit-base-patch32"

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


class SharedSettings(BaseSettings):
    """The settings that bot and worker both read. Empty variables count as not set."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    nats_url: str | None = None
    clip_model: str = DEFAULT_MODEL
    max_queue: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    max_labels: Annotated[int, Field(ge=1, le=500)] = 50
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 0

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("clip_model", mode="before")
    @classmethod
    def _model(cls, value: object) -> object:
        """Return the hub id that a short name means; a blank name means the default."""
        return models.resolve(value.strip() or DEFAULT_MODEL) if isinstance(value, str) else value

    @field_validator("nats_url")
    @classmethod
    def _nats_scheme(cls, value: str | None) -> str | None:
        if value:
            addresses.servers(value)
        return value

    @property
    def nats_secrets(self) -> list[str]:
        """The passwords and tokens in NATS_URL, which logs must not show."""
        return addresses.secrets(self.nats_url) if self.nats_url else []


class WorkerSettings(SharedSettings):
    """The settings of an inference worker."""

    clip_device: str = "auto"
    clip_dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    clip_runtime: Literal["auto", "torch", "openvino"] = "auto"
    clip_threads: Annotated[int, Field(ge=0, le=1_024)] = 0
    max_batch: Annotated[int, Field(ge=1, le=1_024)] = 16
    max_megapixels: Annotated[float, Field(gt=0, le=1_000)] = 128.0
    none_fits: float | Literal["auto", "off"] = "auto"

    @field_validator("clip_device")
    @classmethod
    def _device(cls, value: str) -> str:
        if not _DEVICE.fullmatch(value):
            raise ValueError("auto, cpu, cuda or cuda:N")
        return value

    @field_validator("none_fits", mode="before")
    @classmethod
    def _none_fits(cls, value: object) -> object:
        text = str(value).strip().lower()
        if text in {"auto", "off"}:
            return text
        with contextlib.suppress(ValueError):
            if 0.0 <= (number := float(text)) <= 1.0:
                return number
        raise ValueError("auto, off or a number from 0 to 1")


# Replaces pydantic's wording by type of error: its own is about parsing, not about what to write.
_WANTED = {"int_parsing": "a whole number", "float_parsing": "a number"}

# user:password@ in an address, also without a scheme
_PASSWORD = re.compile(r"(://|^['\"]).*@")

# Settings of the model hub's client, which reads only the environment.
_OF_THE_HUB = "HF_"

AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def adopt_hub_settings(file: Path = Path(".env")) -> None:
    """Copy the model hub's settings from `.env` to the environment, unless they are set there.

    Call this before the hub's client is imported: it reads most of them at that moment.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for name, value in dotenv_values(file, encoding="utf-8").items():
            if name.startswith(_OF_THE_HUB) and value:
                os.environ.setdefault(name, value)


def load(kind: type[AnySettings], **overrides: Any) -> AnySettings:
    """Return settings from the environment and `.env`.

    Args:
        overrides: values that are used instead.

    Raises:
        SettingError: one sentence about the first wrong value; it never shows a secret.
    """
    try:
        return kind(**overrides)
    except ValidationError as error:
        raise SettingError(sentence(kind, error)) from None


def sentence(kind: type[BaseSettings], error: ValidationError) -> str:
    """Return pydantic's first error as one sentence that names the setting."""
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    name = field.upper()
    if first["type"] == "missing":
        return f"{name} is not set, and clipbot can't start without it."
    got = first.get("input")
    secret = "SecretStr" in str(getattr(kind.model_fields.get(field), "annotation", ""))
    shown = "a value that can't be shown" if secret else _PASSWORD.sub(r"\1•••@", repr(got))
    wanted = _WANTED.get(first["type"]) or first["msg"].removeprefix("Value error, ").removeprefix(
        "Input should be "
    )
    return f"{name} is {shown}, but it must be {wanted.rstrip('.')}."
