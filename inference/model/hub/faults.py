"""Why a model can't be fetched from the hub: one clause for each cause, which says what to do.

A clause continues the sentence "CLIP_MODEL is 'x/y', but".
"""

import errno
import math
import os
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from inference.model.hub.cache import cache_folder

DEFAULT_ENDPOINT = "https://huggingface.co"

# Statuses of a hub that has too much to do or is partly down. It will soon work again.
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

# The exceptions of huggingface_hub, and the hub's own codes for the same errors.
_CODES = {
    "GatedRepoError": "GatedRepo",
    "RepositoryNotFoundError": "RepoNotFound",
    "RevisionNotFoundError": "RepoNotFound",
}

_TERMS = (
    "the hub hands it out only to people who accepted its terms; accept them on its page "
    "and set HF_TOKEN"
)


class HubFault(Exception):
    """The hub can't be reached, or refuses a file.

    `str(error)` is a clause without a full stop.

    Attributes:
        passing: whether the same request may succeed a little later.
        absent: whether the repository exists, but this file does not.
        unasked: whether the hub was not asked, so that it may have the model.
        status: of an answer for which the hub gives no reason; otherwise 0.
    """

    def __init__(
        self,
        clause: str,
        *,
        passing: bool = False,
        absent: bool = False,
        unasked: bool = False,
        status: int = 0,
    ) -> None:
        super().__init__(clause)
        self.passing = passing
        self.absent = absent
        self.unasked = unasked
        self.status = status


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def endpoint(environment: Mapping[str, str] = os.environ) -> str:
    """Return the hub's address, without a slash at the end."""
    return (environment.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).strip().rstrip("/")


def is_offline(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the host's settings forbid asking the hub."""
    return any(
        environment.get(name, "").upper() in {"1", "ON", "YES", "TRUE"}
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


def offline() -> HubFault:
    """Return the fault of a missing file if `is_offline`."""
    return HubFault("HF_HUB_OFFLINE forbids fetching it; unset that", unasked=True)


def no_endpoint() -> HubFault:
    """Return the fault of an HF_ENDPOINT that is not an address."""
    return HubFault(f"HF_ENDPOINT is {endpoint()!r}, which is not the address of a model hub")


def _proxy_refuses() -> HubFault:
    return HubFault(
        "the proxy does not let requests to the model hub through; check HTTPS_PROXY",
        passing=True,
    )


def _and_proxy() -> str:
    """Return " and the proxy in …" with the proxy's setting; an empty text without a proxy."""
    proxies, hub = getproxies(), urlsplit(endpoint())
    if not proxy_bypass(hub.hostname or ""):
        for name in (hub.scheme, "all"):
            if name in proxies:
                return f" and the proxy in {name.upper()}_PROXY"
    return ""


def of_status(status: int, headers: Mapping[str, str], *, with_token: bool) -> HubFault:
    """Return the fault that an answer of the hub stands for.

    Args:
        status: of the answer, 400 or more.
        headers: of the answer. `X-Error-Code` and `X-Error-Message` are the hub's own; see
            `hf_raise_for_status` in huggingface_hub.
        with_token: whether the request had a token.
    """
    code, message = headers.get("X-Error-Code", ""), headers.get("X-Error-Message", "")
    if status in _BUSY:
        return HubFault(
            f"the model hub is busy or out of order just now (it answers {status_name(status)})",
            passing=True,
        )
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return _proxy_refuses()
    if code == "EntryNotFound":
        return HubFault("the hub lacks one of its files", absent=True)
    if code == "GatedRepo":
        clause = _TERMS
        if with_token:
            clause = _TERMS.replace("set HF_TOKEN", "use that account's HF_TOKEN")
        return HubFault(clause)
    if message == "Access to this resource is disabled.":
        return HubFault("the hub has disabled it; choose another one")
    of_token = code != "RepoNotFound" or "credentials" in message.lower()
    if status == HTTPStatus.UNAUTHORIZED and with_token and of_token:
        return HubFault(
            f"the model hub does not accept {token_name()} ({status_name(status)}); it may have "
            "expired: renew it, or remove it if the model is public"
        )
    if status == HTTPStatus.FORBIDDEN:
        whose = f"{token_name()} gives no access to it" if with_token else "HF_TOKEN is not set"
        return HubFault(
            f"the model hub refuses to hand it out ({status_name(status)}), and {whose}"
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND} or code == "RepoNotFound":
        whose = f"{token_name()} gives no access to it" if with_token else "HF_TOKEN is not set"
        return HubFault(
            f"the hub has no such model (or it is private, and {whose}); check the name",
            status=status if not code else 0,
        )
    return HubFault(f"the model hub answers {status_name(status)}", status=status)


def of_error(error: BaseException) -> HubFault | None:
    """Return the fault that an error of a request stands for; None for errors of another kind.

    Errors are recognised by their class names, since huggingface_hub uses httpx or, from its
    version 2.0, httpx2.
    """
    if isinstance(error, HubFault):
        return error
    errors = list(chain(error))
    names = {kind.__name__ for each in errors for kind in type(each).__mro__}
    host = urlsplit(endpoint()).hostname or endpoint()
    for each in errors:
        if (answer := getattr(each, "response", None)) is not None and answer.status_code >= 400:
            sent = "authorization" in getattr(answer.request, "headers", {})
            code = next((code for name, code in _CODES.items() if name in names), None)
            headers = {**answer.headers, "X-Error-Code": code} if code else answer.headers
            return of_status(answer.status_code, headers, with_token=sent)
    if "OfflineModeIsEnabled" in names:
        return offline()
    if any(
        isinstance(each, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(each)
        for each in errors
    ):
        return HubFault(
            f"the certificate of the model hub ({host}) is not trusted here; if a proxy of your "
            "network reads the traffic, name the file of its certificates in SSL_CERT_FILE"
        )
    if {"UnsupportedProtocol", "InvalidURL", "LocalProtocolError"} & names:
        return no_endpoint()
    trusted = os.environ.get("SSL_CERT_FILE")
    if "FileNotFoundError" in names and trusted and not Path(trusted).exists():
        return HubFault(f"SSL_CERT_FILE is {trusted!r}, and there is no such file")
    if "ProxyError" in names:
        return _proxy_refuses()
    if {"TimeoutException", "TimeoutError"} & names:
        return HubFault(
            f"the model hub can't be reached: {host} does not answer in time; check the "
            f"network{_and_proxy()}",
            passing=True,
            unasked=True,
        )
    if {"TransportError", "ConnectionError", "SSLError", "LocalEntryNotFoundError"} & names:
        return HubFault(
            f"the model hub can't be reached; check the name and the network{_and_proxy()}",
            passing=True,
            unasked=True,
        )
    return None


def no_room(folder: Path, missing: int, room: int) -> HubFault:
    """Return the fault of a disk with too little room for a file.

    Args:
        folder: the cache.
        missing: bytes of the file that are still to come.
        room: bytes that the disk has for them.
    """
    return HubFault(
        f"the disk is full: {math.ceil(missing / 1e6)} MB are still to come, and there is room for "
        f"{int(room / 1e6)} MB; make room for the cache {folder}, or move the cache with HF_HOME"
    )


def of_disk(error: OSError, folder: Path | None = None) -> HubFault | None:
    """Return the fault of a cache that can't be written; None for other errors."""
    where = f"the cache {folder or cache_folder()}"
    move = "move the cache with HF_HOME"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return HubFault(f"the disk is full; make room for {where}, or {move}")
    if error.errno == errno.EROFS:
        return HubFault(f"{where} is on a read-only file system; make it writable, or {move}")
    if isinstance(error, PermissionError):
        return HubFault(f"its files, or {where}, can't be opened; change the owner, or {move}")
    if folder is not None:
        return HubFault(f"{where} can't be written ({error.strerror or error}); {move}")
    return None


def token_name() -> str:
    """Return a name for the token that is sent, for error messages."""
    named = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
    return "HF_TOKEN" if named else "the saved login (hf auth login)"


def status_name(status: int) -> str:
    """Return a status with its name: "503, Service Unavailable"."""
    try:
        return f"{status}, {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
