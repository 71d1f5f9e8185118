"""Requests to the model hub, each with a time limit.

Files are fetched by plain HTTP, which can continue where a download broke off. The hub's newer
protocol "xet" is not used, since it starts again from the beginning.
"""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from inference.model.hub import faults
from inference.model.hub.faults import HubFault

# Pauses before a busy hub is asked again, in seconds. After the last one it counts as busy.
_PAUSES = (1.0, 2.0)
# Redirects within the hub that are followed, such as from a model's old name to its new one.
_REDIRECTS = 5
# A download slower than this over this time has stopped.
_SLOWEST = 1_000  # bytes per second
_WINDOW = 60.0  # seconds
# The name of a file in the cache, or of a commit's folder. It must not lead to another folder.
_HASH = re.compile(r"[\w-][\w.-]{0,127}")
# Where a part of a file starts: "bytes 1000-1999/2000".
_PART = re.compile(r"bytes (\d+)-")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the hub, without its content.

    Attributes:
        commit: of the revision that was asked for.
        etag: its name in the cache: the SHA-256 of a large file, or git's hash of a small one.
        size: in bytes; None if the hub does not say.
    """

    commit: str
    etag: str
    size: int | None


def within(seconds: float, call: Callable[[], T]) -> T:
    """Run `call` in a thread and return its result; abandon the thread if it takes too long.

    The HTTP client's own timeouts are no limit for the whole call: they start again with each
    received byte, and for each address of a host name.

    Raises:
        TimeoutError: it took longer than `seconds`.
    """
    done = threading.Event()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # raised again below, in the calling thread
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=work, name="hub-request", daemon=True).start()
    if not done.wait(seconds):
        raise TimeoutError(f"no answer in {seconds:g} s")
    if failure:
        raise failure[0]
    return outcome[0]


@contextlib.contextmanager
def _faults(*, others: bool = True) -> Iterator[None]:
    """Turn the errors of a request into `HubFault`.

    Args:
        others: whether errors that `faults` does not know become a `HubFault` as well.
    """
    try:
        yield
    except HubFault:
        raise
    except Exception as error:
        fault = faults.of_error(error)
        if fault is None and others:
            fault = HubFault(f"the model hub can't be asked ({type(error).__name__}: {error})")
        if fault is None:
            raise
        raise fault from error


class HubClient:
    """Asks the hub about one model's repository.

    All methods raise `HubFault`.

    Args:
        name: a hub id such as `openai/clip-vit-base-patch32`.
    """

    def __init__(self, name: str) -> None:
        self._endpoint = faults.endpoint()
        if "HF_ENDPOINT" in os.environ:
            # huggingface_hub fails if there are blanks around the address.
            os.environ["HF_ENDPOINT"] = self._endpoint
        try:
            # not at the top: they are slow to import
            from huggingface_hub import constants, get_token
            from huggingface_hub.errors import HFValidationError
            from huggingface_hub.utils._validators import validate_repo_id
        except ValueError as error:
            raise faults.no_endpoint() from error
        try:
            validate_repo_id(name)
        except HFValidationError:
            raise HubFault(
                "that is neither a folder nor a name such as openai/clip-vit-base-patch32"
            ) from None
        if faults.is_offline():
            raise faults.offline()
        self.name = name
        self._answer_timeout = float(constants.HF_HUB_ETAG_TIMEOUT)
        self._read_timeout = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
        # Not the headers of huggingface_hub: to make those, it asks the hub for a list of programs.
        # "identity", since a compressed file has no byte offset at which to continue.
        self._headers = {"User-Agent": "clipbot", "Accept-Encoding": "identity"}
        if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return
        with _faults():
            # This may renew a saved login, which asks the hub.
            token = within(self._answer_timeout, get_token)
        if token and not (token.isascii() and token.isprintable()):
            raise HubFault(f"{faults.token_name()} holds characters that no token has")
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def files(self) -> frozenset[str] | None:
        """Return the names of the files in the repository; None if the hub does not list them.

        The caller then asks for each file.
        """
        try:
            answer = self._ask("GET", f"{self._endpoint}/api/models/{self.name}", follow=True)
            return frozenset(str(file["rfilename"]) for file in answer.json()["siblings"])
        except (HubFault, ValueError, KeyError, TypeError):
            return None

    def describe(self, file: str, commit: str = "main") -> RemoteFile:
        """Ask the hub about a file, without fetching it.

        Args:
            commit: or the name of a branch.
        """
        url = self._url(file, commit)
        for _ in range(_REDIRECTS):
            answer = self._ask("HEAD", url)
            target = urljoin(url, answer.headers.get("Location", url))
            # A redirect to another host leads to the content; the hub's own answer describes it.
            if target == url or urlsplit(target)[:2] != urlsplit(url)[:2]:
                break
            url = target
        headers = answer.headers
        found = headers.get("X-Repo-Commit", "")
        etag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/")
        etag = etag.strip('"')
        if not _HASH.fullmatch(found) or not _HASH.fullmatch(etag):
            host = urlsplit(self._endpoint).hostname
            raise HubFault(
                f"what answers at {host} is not a model hub; check HF_ENDPOINT, and whether "
                "this network asks for a login"
            )
        size = headers.get("X-Linked-Size") or headers.get("Content-Length") or ""
        moved = "X-Linked-Size" not in headers and answer.has_redirect_location
        return RemoteFile(found, etag, int(size) if size.isdigit() and not moved else None)

    @contextlib.contextmanager
    def content(self, file: str, commit: str, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Open a file on the hub from byte `start` on, or from 0 if the hub can't do that.

        Returns:
            The byte at which the content starts, and the content in pieces.
        """
        wanted, headers = start, dict(self._headers)
        if start:
            headers["Range"] = f"bytes={start}-"
        url = self._url(file, commit)
        with _faults(others=False):
            answer = self._retry_busy(
                lambda: self._send(
                    "GET", url, headers, self._read_timeout, follow=True, stream=True
                )
            )
            with contextlib.closing(answer):
                part = _PART.match(answer.headers.get("Content-Range", ""))
                if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
                    start = 0
                elif part and (start := int(part[1])) > wanted:
                    raise HubFault("the model hub sends another part of a file than was asked for")
                yield start, self._pieces(answer)

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        window = max(_WINDOW, self._read_timeout)
        began, came = time.monotonic(), 0
        for piece in answer.iter_bytes():
            yield piece
            came += len(piece)
            if (passed := time.monotonic() - began) > window:
                if came < _SLOWEST * passed:
                    raise TimeoutError("the download is too slow")
                began, came = time.monotonic(), 0

    def _url(self, file: str, commit: str) -> str:
        return f"{self._endpoint}/{self.name}/resolve/{quote(commit, safe='')}/{quote(file)}"

    def _ask(self, method: str, url: str, *, follow: bool = False) -> Any:
        with _faults():
            return self._retry_busy(
                lambda: self._send(
                    method, url, self._headers, self._answer_timeout, follow=follow, stream=False
                )
            )

    def _retry_busy(self, send: Callable[[], Any]) -> Any:
        """Return the hub's answer; ask a busy hub again after a pause."""
        for pause in (*_PAUSES, None):
            try:
                return send()
            except HubFault as fault:
                if pause is None or not fault.passing:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _send(
        self, method: str, url: str, headers: dict[str, str], limit: float, **how: bool
    ) -> Any:
        # The session of huggingface_hub, since a host may have set proxies or certificates for it.
        from huggingface_hub import get_session

        client = get_session()
        request = client.build_request(method, url, headers=headers, timeout=limit)
        timed_out = threading.Event()

        def send() -> Any:
            answer = client.send(request, stream=how["stream"], follow_redirects=how["follow"])
            if timed_out.is_set():
                answer.close()
            return answer

        try:
            answer = within(limit, send)
        except TimeoutError:
            timed_out.set()
            raise
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            answer.close()
            raise faults.of_status(
                answer.status_code, answer.headers, with_token="Authorization" in self._headers
            )
        return answer
