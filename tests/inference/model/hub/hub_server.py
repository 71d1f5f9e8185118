"""A model hub on loopback that answers, redirects and fails as the true one does.

Its large files are offered by the newer protocol "xet" as well, as on the true hub, and come from
an address that redirects lead to.
"""

import hashlib
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
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def file(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class Trouble:
    """What is wrong with the hub; may be changed at any time.

    Attributes:
        status: of every answer whose path contains the key.
        errors: the hub's own name of an error (X-Error-Code), by status.
        hangs: paths with one of these in them are never answered.
        cuts: how many bytes of the weights come before the connection breaks, one for each time.
        ignores_range: whether a file always comes from its beginning.
        surplus: what follows the weights, though they are said to be shorter.
    """

    status: dict[str, int] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    hangs: tuple[str, ...] = ()
    cuts: list[int] = field(default_factory=list)
    ignores_range: bool = False
    surplus: bytes = b""


class FakeHub:
    """Serves `files` as `REPOSITORY`, from entering to leaving.

    Attributes:
        commit: of its newest revision.
        lists: whether it tells which files there are.
        goes_on: cleared, the weights stop in their middle until it is set.
    """

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        self.commit = COMMIT
        self.lists = True
        self.trouble = Trouble()
        self.asked: list[Asked] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
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
        self.goes_on.set()
        self._server.shutdown()
        self._server.server_close()

    def environment(self, cache: Path) -> dict[str, str]:
        """What lets a program ask this hub."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": ""}

    def etag(self, name: str) -> str:
        """What a file is called in the cache."""
        content = self.files[name]
        if name.endswith(_LARGE):
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()

    def fetched(self, name: str) -> list[Asked]:
        """The requests for a file's content."""
        return [one for one in self.asked if one.method == "GET" and one.file == name]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(request.path.partition("?")[0])
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.command, path, headers))
        if any(part in path for part in self.trouble.hangs):
            self._ended.wait(60)
            request.close_connection = True
            return
        for part, status in self.trouble.status.items():
            if part in path:
                code = self.trouble.errors.get(status)
                _send(request, status, {"X-Error-Code": code} if code else {})
                return
        name = path.rpartition("/")[2]
        if path == f"/api/models/{REPOSITORY}" and self.lists:
            listed = ", ".join(f'{{"rfilename": "{file}"}}' for file in self.files)
            body = f'{{"id": "{REPOSITORY}", "sha": "{self.commit}", "siblings": [{listed}]}}'
            _send(request, 200, {}, body.encode())
        elif path.startswith(f"/{REPOSITORY}/resolve/") and name in self.files:
            self._resolve(request, name)
        elif path.startswith("/elsewhere/"):
            self._content(request, name)
        else:
            error = "EntryNotFound" if REPOSITORY in path else "RepoNotFound"
            _send(request, 404, {"X-Error-Code": error})

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
        if wanted and not self.trouble.ignores_range:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        if request.command == "HEAD":
            _send(request, status, {**headers, "Content-Length": str(len(content))})
            return
        if name == WEIGHTS:
            content += self.trouble.surplus
        request.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(content))}).items():
            request.send_header(key, value)
        request.end_headers()
        for piece in self._pieces(name, content):
            request.wfile.write(piece)
        if name == WEIGHTS and self.trouble.cuts:
            self.trouble.cuts.pop(0)
            request.close_connection = True

    def _pieces(self, name: str, content: bytes) -> Iterator[bytes]:
        if name != WEIGHTS:
            yield content
        elif self.trouble.cuts:
            yield content[: self.trouble.cuts[0]]
        else:
            half = max(0, len(content) - len(self.files[name]) // 2)
            yield content[:half]
            self.goes_on.wait(60)
            yield content[half:]


class _Server(ThreadingHTTPServer):
    address_family = socket.AF_INET
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes in the middle is nothing to print."""


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
    """Wait in a thread until a condition holds."""
    assert callable(condition)
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
