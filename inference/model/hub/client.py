"""Requests to the model hub, each with a time limit.

Files come by plain HTTP, which can go on where it was cut off, and never by the hub's newer
protocol "xet", which begins anew.
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

# A busy hub is asked so often before it counts as busy, with these pauses between, in seconds.
_PAUSES = (1.0, 2.0)
# Redirects of the hub within itself, as from a model's old name to its new one.
_REDIRECTS = 5
# What is slower than this for so long has stopped, in bytes per second and seconds.
_SLOWEST, _WINDOW = 1_000, 60.0
# The names of a file in the cache, and of a commit's folder: nothing that leads elsewhere.
_HASH = re.compile(r"[\w-][\w.-]{0,127}")
# Where a part of a file starts: "bytes 1000-1999/2000".
_PART = re.compile(r"bytes (\d+)-")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the hub says of a file.

    Attributes:
        commit: of the revision that was asked for.
        etag: the name in the cache: a file's SHA-256 where it is large, else git's hash.
        size: bytes; None where the hub does not say.
    """

    commit: str
    etag: str
    size: int | None


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, in a thread that is left behind where it takes too long.

    The client's own timeouts count from one received byte to the next, and anew for each address
    that a host name has.

    Raises:
        TimeoutError: it took longer than `seconds`.
    """
    done = threading.Event()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # raised again below, by whoever waits
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
    """Raise what goes wrong with a request as a `HubFault`.

    Args:
        others: whether also what is known for no fault of the hub.
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
    """One model's repository on the hub.

    All methods raise `HubFault`.

    Args:
        name: a hub id such as `openai/clip-vit-base-patch32`.
    """

    def __init__(self, name: str) -> None:
        self._endpoint = faults.endpoint()
        if "HF_ENDPOINT" in os.environ:
            os.environ["HF_ENDPOINT"] = self._endpoint  # the client fails over blanks around it
        try:
            # here and not above: they take a while to import
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
        self._answers_in = float(constants.HF_HUB_ETAG_TIMEOUT)
        self._goes_on_in = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
        # Not the client's own headers: to make those, it asks the hub for a list of programs.
        self._headers = {"User-Agent": "clipbot", "Accept-Encoding": "identity"}  # parts by byte
        if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
            return
        with _faults():
            # A saved login may be renewed meanwhile, which asks the hub.
            token = within(self._answers_in, get_token)
        if token and not (token.isascii() and token.isprintable()):
            raise HubFault(f"{faults.token_name()} holds characters that no token has")
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def files(self) -> frozenset[str] | None:
        """Return the names of the files in the repository; None where the hub does not list them.

        Without a list, the files are asked for one by one.
        """
        try:
            answer = self._ask("GET", f"{self._endpoint}/api/models/{self.name}", follow=True)
            return frozenset(str(file["rfilename"]) for file in answer.json()["siblings"])
        except (HubFault, ValueError, KeyError, TypeError):
            return None

    def about(self, file: str, commit: str = "main") -> RemoteFile:
        """Return what the hub says of a file.

        Args:
            commit: or the name of a branch.
        """
        url = self._url(file, commit)
        for _ in range(_REDIRECTS):
            answer = self._ask("HEAD", url)
            target = urljoin(url, answer.headers.get("Location", url))
            # Elsewhere the file itself is; what is said of it stands in the hub's own answer.
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
                f"what answers at {host} is no model hub; check HF_ENDPOINT, and whether this "
                "network wants a login"
            )
        size = headers.get("X-Linked-Size") or headers.get("Content-Length") or ""
        moved = "X-Linked-Size" not in headers and answer.has_redirect_location
        return RemoteFile(found, etag, int(size) if size.isdigit() and not moved else None)

    @contextlib.contextmanager
    def content(self, file: str, commit: str, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Open a file; its content comes from the byte `start` on, or all of it.

        Returns:
            Where it starts, and its pieces.
        """
        wanted, headers = start, dict(self._headers)
        if start:
            headers["Range"] = f"bytes={start}-"
        url = self._url(file, commit)
        with _faults(others=False):
            answer = self._patiently(
                lambda: self._send("GET", url, headers, self._goes_on_in, follow=True, stream=True)
            )
            with contextlib.closing(answer):
                part = _PART.match(answer.headers.get("Content-Range", ""))
                if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
                    start = 0
                elif part and (start := int(part[1])) > wanted:
                    raise HubFault("the model hub sends another part of a file than was asked for")
                yield start, self._pieces(answer)

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        window = max(_WINDOW, self._goes_on_in)
        began, came = time.monotonic(), 0
        for piece in answer.iter_bytes():
            yield piece
            came += len(piece)
            if (passed := time.monotonic() - began) > window:
                if came < _SLOWEST * passed:
                    raise TimeoutError("it comes too slowly")
                began, came = time.monotonic(), 0

    def _url(self, file: str, commit: str) -> str:
        return f"{self._endpoint}/{self.name}/resolve/{quote(commit, safe='')}/{quote(file)}"

    def _ask(self, method: str, url: str, *, follow: bool = False) -> Any:
        with _faults():
            return self._patiently(
                lambda: self._send(
                    method, url, self._headers, self._answers_in, follow=follow, stream=False
                )
            )

    def _patiently(self, send: Callable[[], Any]) -> Any:
        """Return an answer; a busy hub is asked again."""
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
        # The client that huggingface_hub's users may have set up: proxies, certificates.
        from huggingface_hub import get_session

        client = get_session()
        request = client.build_request(method, url, headers=headers, timeout=limit)
        late = threading.Event()

        def send() -> Any:
            answer = client.send(request, stream=how["stream"], follow_redirects=how["follow"])
            if late.is_set():
                answer.close()
            return answer

        try:
            answer = within(limit, send)
        except TimeoutError:
            late.set()
            raise
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            answer.close()
            raise faults.of_status(
                answer.status_code, answer.headers, with_token="Authorization" in self._headers
            )
        return answer
