"""The errors that the Bot API answers.

ApiError                    any refusal, with its HTTP status and description
├── BadRequestError         400: the call is wrong
├── UnauthorizedError       401: the token is wrong
├── ForbiddenError          403: the bot may not write in this chat
├── NotFoundError           404: no such method or file
├── ConflictError           409: two getUpdates at once, or getUpdates with a webhook
└── TooLargeError           413: the body is larger than a bot may upload
"""

from typing import Any


class ApiError(Exception):
    """An answer with `"ok": false`. The description is in Telegram's own words."""

    status = 500
    prefix = "Internal Server Error"

    def __init__(self, reason: str = "") -> None:
        self.description = f"{self.prefix}: {_uncapitalised(reason)}" if reason else self.prefix
        super().__init__(self.description)

    def to_json(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"ok": False, "error_code": self.status, "description": self.description}


class BadRequestError(ApiError):
    status = 400
    prefix = "Bad Request"


class UnauthorizedError(ApiError):
    status = 401
    prefix = "Unauthorized"


class ForbiddenError(ApiError):
    status = 403
    prefix = "Forbidden"


class NotFoundError(ApiError):
    status = 404
    prefix = "Not Found"


class ConflictError(ApiError):
    status = 409
    prefix = "Conflict"


class TooLargeError(ApiError):
    status = 413
    prefix = "Request Entity Too Large"


def _uncapitalised(reason: str) -> str:
    # Telegram's server writes the first letter in lower case, except for codes such as
    # PHOTO_INVALID_DIMENSIONS: their second character is a capital letter or "_".
    if len(reason) > 1 and (reason[1] == "_" or "A" <= reason[1] <= "Z"):
        return reason
    return reason[:1].lower() + reason[1:]
