"""A model hub on loopback that stops in the middle of the weights until a test lets it continue."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from clipbot_playground.botapi.delivery.loopback_server import LoopbackServer

WEIGHTS = "model.safetensors"
_COMMIT = "1" * 40


class SlowHub:
    """A hub that serves a folder as `REPOSITORY`, like the real one without its newer protocols.

    Attributes:
        first: number of bytes of the weights that come before `goes_on` is set.
        files: the files by name; None makes the listing invalid.
        asked: path and authorization of each request.
    """

    REPOSITORY = "somebody/tiny-clip"

    def __init__(self, folder: Path, first: int) -> None:
        self.first = first
        self.goes_on = asyncio.Event()
        self.files: dict[str, bytes] | None = {
            path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()
        }
        self.asked: list[tuple[str, str]] = []
        model = f"/api/models/{self.REPOSITORY}"
        self._loopback_server = LoopbackServer(
            Starlette(
                routes=[
                    Route(model, self._listing),
                    Route(f"/{self.REPOSITORY}/resolve/{{revision}}/{{name}}", self._file),
                ]
            )
        )

    @property
    def url(self) -> str:
        return self._loopback_server.url

    @property
    def size(self) -> int:
        """The size of the weights in bytes."""
        return len(self._content(WEIGHTS) or b"")

    def sha256(self, name: str) -> str:
        """Return the hash that names a file in the hub's cache."""
        return hashlib.sha256(self._content(name) or b"").hexdigest()

    async def __aenter__(self) -> Self:
        await self._loopback_server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.goes_on.set()
        await self._loopback_server.stop()

    async def _listing(self, request: Request) -> Response:
        self._note(request)
        if self.files is None:
            return Response("<html>busy</html>")
        siblings = [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": self.sha256(name)[:40],
                "lfs": {"sha256": self.sha256(name), "size": len(content)},
            }
            for name, content in self.files.items()
        ]
        return JSONResponse({"id": self.REPOSITORY, "sha": _COMMIT, "siblings": siblings})

    async def _file(self, request: Request) -> Response:
        self._note(request)
        name = request.path_params["name"]
        if (content := self._content(name)) is None:
            return Response(status_code=404, headers={"X-Error-Code": "EntryNotFound"})
        headers = {
            "ETag": f'"{self.sha256(name)}"',
            "X-Repo-Commit": _COMMIT,
            "Content-Length": str(len(content)),
        }
        if request.method == "HEAD":
            return Response(headers=headers)
        return StreamingResponse(self._slowly(name, content), headers=headers)

    def _content(self, name: str) -> bytes | None:
        return None if self.files is None else self.files.get(name)

    def _note(self, request: Request) -> None:
        self.asked.append((request.url.path, request.headers.get("authorization", "")))

    async def _slowly(self, name: str, content: bytes) -> AsyncIterator[bytes]:
        if name == WEIGHTS:
            yield content[: self.first]
            await self.goes_on.wait()
            content = content[self.first :]
        yield content
