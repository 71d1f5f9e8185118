"""The parameters of a call: from the query string, a form, a JSON body or multipart."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request

from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.errors import BadRequestError, TooLargeError

# Bytes for form fields and boundaries, besides a file of the largest size.
_ROOM_FOR_FIELDS: Final = 1_000_000
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_STRUCTURED: Final = frozenset(
    {
        "allowed_updates", "caption_entities", "commands", "entities", "link_preview_options",
        "button", "media", "message_ids", "reply_markup", "reply_parameters", "results", "scope",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    file_name: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a call with their types. Like Telegram it accepts "42" for 42."""

    values: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    size: int = 0

    def text(self, name: str) -> str:
        """Return a value as a string, "" when it is absent."""
        value = self.values.get(name, "")
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a value as a number; `default` when it is absent or not a number."""
        written = self.text(name).strip()
        return int(written) if _INTEGER.fullmatch(written) else default

    def boolean(self, name: str) -> bool:
        """Return a value as a boolean; False when it is absent."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def structure(self, name: str, complaint: str) -> Any:
        """Return a JSON-serialized value, None when it is absent.

        Raises:
            BadRequestError: it is not JSON; `complaint` is the description.
        """
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return _parsed(value)
        except ValueError:
            raise BadRequestError(complaint) from None

    def upload(self, name: str, named: str | None = None) -> Upload | None:
        """Return the file of a parameter: sent under its name, or as `attach://…`.

        Args:
            named: the value with `attach://…`, if it is not the parameter's own.
        """
        value = self.text(name) if named is None else named
        if value.startswith("attach://"):
            return self.uploads.get(value.removeprefix("attach://"))
        return self.uploads.get(name) if named is None else None

    def unknown(self, known: frozenset[str]) -> list[str]:
        """Return names that are not in `known`, including uploads that no value attaches."""
        written = json.dumps(dict(self.values), default=str)
        loose = [name for name in self.uploads if f"attach://{name}" not in written]
        return sorted({*self.values, *loose} - known)

    def recorded(self) -> dict[str, Any]:
        """Return the parameters for the journal: JSON is decoded, a file is its name and size."""
        answer: dict[str, Any] = {}
        for name, value in self.values.items():
            answer[name] = value
            if name in _STRUCTURED and isinstance(value, str):
                try:
                    answer[name] = _parsed(value)
                except ValueError:
                    continue
        for name, upload in self.uploads.items():
            answer[name] = {"file_name": upload.file_name, "size": len(upload.content)}
        return answer


async def read(request: Request) -> Parameters:
    """Return the parameters of a request. The body takes precedence over the query string.

    Raises:
        BadRequestError: the body can't be read.
        TooLargeError: the body is larger than a bot may upload.
    """
    values: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    length = request.headers.get("content-length", "0")
    size = int(length) if length.isdigit() else 0
    if size > limits.UPLOAD_SIZE + _ROOM_FOR_FIELDS:
        raise TooLargeError
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        values |= _json_object(await request.body())
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    mime_type = value.content_type or ""
                    uploads[name] = Upload(value.filename or "", mime_type, content)
                else:
                    values[name] = value
    return Parameters(values, uploads, size)


def _parsed(written: str | bytes) -> Any:
    """Return decoded JSON.

    Raises:
        ValueError: it is not JSON, or has half a surrogate pair, such as "\\ud83d", which can't be
            written as UTF-8.
    """
    value = json.loads(written)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = _parsed(body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadRequestError("can't parse JSON object in the request body")
    return value
