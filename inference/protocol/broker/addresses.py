"""Reading NATS_URL: one server, or several of one cluster."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

_SCHEMES = ("nats", "tls", "ws", "wss")
# Commas or blanks before another address: one with a scheme, or a bare host. Inside an address only
# a password can hold them, and a password is followed by an @.
_BETWEEN = re.compile(r"[,\s]+(?=\w+://|[^@,\s]+(?:[,\s]|$))")
_WANTED = (
    "an address such as nats://user:password@host:4222, or several of one cluster "
    "separated by commas"
)


@dataclass(frozen=True)
class Credentials:
    """What a server asks for: a user with a password, or a token."""

    user: str | None = None
    password: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Servers:
    """The servers to connect to.

    Attributes:
        urls: one address per server, with a scheme.
        credentials: those of all servers, including servers of the cluster that are discovered
            later. None if no address has any, or if they differ.
    """

    urls: tuple[str, ...]
    credentials: Credentials | None = None


def servers(text: str) -> Servers:
    """Return the servers that NATS_URL names.

    Raises:
        ValueError: it can't be used; the text says what it must be and shows no password.
    """
    pieces = [piece for piece in _BETWEEN.split(text.strip(" \t\r\n,")) if piece]
    if not pieces:
        raise ValueError(_WANTED)
    first = _split(pieces[0], pieces)
    parts = [first, *(_split(_with_scheme(piece, first), pieces) for piece in pieces[1:])]
    if len({part.scheme in {"ws", "wss"} for part in parts}) > 1:
        raise ValueError(f"{_WANTED}; ws:// and wss:// can't be mixed with other schemes")
    found = {_credentials(part) for part in parts} - {None}
    return Servers(tuple(part.geturl() for part in parts), found.pop() if len(found) == 1 else None)


def secrets(text: str) -> list[str]:
    """Return the passwords and tokens in NATS_URL, both as written and decoded, to hide in logs.

    A token is written as nats://TOKEN@host: a user without a password.
    """
    found = []
    for url in servers(text).urls:
        part = urlsplit(url)
        if written := part.password or part.username:
            found += [written, unquote(written)]
    return found


def _with_scheme(piece: str, first: SplitResult) -> str:
    return piece if "://" in piece else f"{first.scheme}://{piece}"


def _split(piece: str, pieces: Sequence[str]) -> SplitResult:
    which = f"; {_shown(piece)} is not one" if len(pieces) > 1 else ""
    try:
        part = urlsplit(piece)
        usable = part.scheme in _SCHEMES and part.hostname and part.port != 0
    except ValueError:  # a port that is not a number, or a bracket that is not closed
        usable = False
    if not usable:
        raise ValueError(_WANTED + which)
    return part


def _shown(piece: str) -> str:
    """Return the address without user and password."""
    scheme, separator, rest = piece.rpartition("://")
    return repr(f"{scheme}{separator}{rest.rpartition('@')[2]}")


def _credentials(part: SplitResult) -> Credentials | None:
    if not part.username:
        return None
    if part.password is None:
        return Credentials(token=unquote(part.username))
    return Credentials(user=unquote(part.username), password=unquote(part.password))
