"""A model hub on loopback that answers, redirects and fails as the real one does.

As on the real hub, large files come from another address, to which it redirects. It also offers
them by the newer protocol "xet".
"""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote

COMMIT = "1" * 40
REPOSITORY = "somebody/tiny-clip"
WEIGHTS = "model.safetensors"
_LARGE = (".safetensors", ".bin")


@dataclass
class HubRequest:
    """A request that the hub has received."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def file(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class HubFailures:
    """How the hub fails. A test may change this at any time.

    Attributes:
        status: of each answer whose path contains the key.
        errors: the hub's error code (X-Error-Code) for each status.
        hangs: requests whose path contains one of these get no answer.
        cuts: how many bytes of the weights are sent before the connection breaks, one number for
            each request.
        ignores_range: whether files are always sent from their beginning.
        surplus: bytes sent after the weights, beyond their stated size.
    """

    status: dict[str, int] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    hangs: tuple[str, ...] = ()
    cuts: list[int] = field(default_factory=list)
    ignores_range: bool = False
    surplus: bytes = b""


class FakeHub:
    """Serves `files` as `REPOSITORY`, as a context manager.

    Attributes:
        commit: of its newest revision.
        lists_files: whether it sends a list of its files.
        lists_sizes: whether that list has sizes and hashes, as the real one has.
        may_continue: if cleared, the weights stop in the middle until it is set.
    """

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        self.commit = COMMIT
        self.lists_files = True
        self.lists_sizes = False
        self.failures = HubFailures()
        self.requests: list[HubRequest] = []
        self.may_continue = threading.Event()
        self.may_continue.set()
        self._ended = threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                hub._answer(self)

            def do_GET(self) -> None:
                hub._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.may_continue.set()
        self._server.shutdown()
        self._server.server_close()

    def environment(self, cache: Path) -> dict[str, str]:
        """Return the variables with which a program asks this hub."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": ""}

    def etag(self, name: str) -> str:
        """Return a file's name in the cache."""
        content = self.files[name]
        if name.endswith(_LARGE):
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()

    def fetched(self, name: str) -> list[HubRequest]:
        """Return the requests for a file's content."""
        return [one for one in self.requests if one.method == "GET" and one.file == name]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(request.path.partition("?")[0])
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(HubRequest(request.command, path, headers))
        if any(part in path for part in self.failures.hangs):
            self._ended.wait(60)
            request.close_connection = True
            return
        for part, status in self.failures.status.items():
            if part in path:
                code = self.failures.errors.get(status)
                _send(request, status, {"X-Error-Code": code} if code else {})
                return
        name = path.rpartition("/")[2]
        if path == f"/api/models/{REPOSITORY}" and self.lists_files:
            siblings = [self._listed(file) for file in self.files]
            listing = {"id": REPOSITORY, "sha": self.commit, "siblings": siblings}
            _send(request, 200, {}, json.dumps(listing).encode())
        elif path.startswith(f"/{REPOSITORY}/resolve/") and name in self.files:
            self._resolve(request, name)
        elif path.startswith("/elsewhere/"):
            self._content(request, name)
        else:
            error = "EntryNotFound" if REPOSITORY in path else "RepoNotFound"
            _send(request, 404, {"X-Error-Code": error})

    def _listed(self, name: str) -> dict[str, object]:
        if not self.lists_sizes:
            return {"rfilename": name}
        size, etag = len(self.files[name]), self.etag(name)
        lfs = {"lfs": {"sha256": etag, "size": size}} if name.endswith(_LARGE) else {}
        return {"rfilename": name, "size": size, "blobId": etag, **lfs}

    def _resolve(self, request: BaseHTTPRequestHandler, name: str) -> None:
        headers = {"X-Repo-Commit": self.commit}
        if not name.endswith(_LARGE):
            headers["ETag"] = f'"{self.etag(name)}"'
            self._content(request, name, headers)
            return
        headers |= {
            "Location": f"{self.url.replace('127.0.0.1', 'localhost')}/elsewhere/{name}",
            "X-Linked-Etag": f'"{self.etag(name)}"',
            "X-Linked-Size": str(len(self.files[name])),
            "X-Xet-Hash": "a" * 64,
            "X-Xet-Refresh-Route": f"{self.url}/api/models/{REPOSITORY}/xet-read-token/main",
        }
        _send(request, 302, headers)

    def _content(
        self, request: BaseHTTPRequestHandler, name: str, headers: dict[str, str] | None = None
    ) -> None:
        content, status, headers = self.files[name], 200, dict(headers or {})
        wanted = request.headers.get("Range", "")
        if wanted and not self.failures.ignores_range:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        if request.command == "HEAD":
            _send(request, status, {**headers, "Content-Length": str(len(content))})
            return
        if name == WEIGHTS:
            content += self.failures.surplus
        request.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(content))}).items():
            request.send_header(key, value)
        request.end_headers()
        for piece in self._pieces(name, content):
            request.wfile.write(piece)
        if name == WEIGHTS and self.failures.cuts:
            self.failures.cuts.pop(0)
            request.close_connection = True

    def _pieces(self, name: str, content: bytes) -> Iterator[bytes]:
        if name != WEIGHTS:
            yield content
        elif self.failures.cuts:
            yield content[: self.failures.cuts[0]]
        else:
            half = max(0, len(content) - len(self.files[name]) // 2)
            yield content[:half]
            self.may_continue.wait(60)
            yield content[half:]


class _Server(ThreadingHTTPServer):
    address_family = socket.AF_INET
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Print nothing if a client disconnects."""


def _send(
    request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes = b""
) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def until(condition: object, limit: float = 10.0) -> None:
    """Wait until a condition holds, at most `limit` seconds."""
    assert callable(condition)
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "the condition does not hold"
        time.sleep(0.01)
