"""How PTB calls the Bot API: by aiohttp, with answers cut to what the bot uses."""

import asyncio
import json
from http import HTTPStatus
from typing import Any

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.runtime.http import session
from bot.telegram import shapes

# Seconds. The wait for a free connection can be long, because our own calls use all of them.
_POOL = 60.0
_CONNECT = 10.0
_READ = 20.0
_WRITE = 5.0
_WRITE_FILES = 60.0


class AiohttpRequest(BaseRequest):
    """Sends PTB's requests.

    Args:
        api_url: of the server.
        connections: how many it can have at once.
    """

    def __init__(self, api_url: str, connections: int) -> None:
        self._api_url = api_url
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Return the seconds that an answer may take, if a call does not set them."""
        return _READ

    async def initialize(self) -> None:
        """Open the client session; PTB calls this first. Raises as `session` does."""
        if self._session is None:
            self._session = session(self._api_url, self._connections)

    async def shutdown(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return the status and body of the answer; see `BaseRequest.do_request`.

        Raises:
            TimedOut: no connection, or no answer, in time.
            NetworkError: Telegram can't be reached, or the connection broke.
        """
        if self._session is None:
            raise RuntimeError("initialize() comes first")
        files = request_data.multipart_data if request_data else {}
        read = _given(read_timeout, _READ)
        write = _given(write_timeout, _WRITE_FILES if files else _WRITE)
        connect = _given(connect_timeout, _CONNECT)
        connected = _sum(_given(pool_timeout, _POOL), connect)
        # Let the event loop notice which connections the server has closed: a POST on one of them
        # gets no answer. Two turns, since in the first one this may run before the loop looks.
        for _ in range(2):
            await asyncio.sleep(0)
        try:
            async with self._session.request(
                method,
                url,
                data=await _body(request_data, files),
                headers={"User-Agent": self.USER_AGENT},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    # aiohttp has no limit for writing alone. A download has none while bytes come.
                    total=_sum(connected, write, read) if request_data else None,
                    connect=connected,
                    sock_connect=connect,
                    sock_read=read,
                ),
            ) as response:
                return response.status, _needed(url, response.status, await response.read())
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(_reason(error)) from error


def _needed(url: str, status: int, body: bytes) -> bytes:
    """Return a successful answer without the fields that the bot does not use.

    PTB may fail on those. The message would then be sent again, though it was sent.
    """
    method = url.rpartition("/")[2]
    if status != HTTPStatus.OK or not shapes.is_cut(method):
        return body
    try:
        whole = json.loads(body)
        whole["result"] = shapes.answer(method, whole["result"])
    except (ValueError, LookupError, TypeError):
        return body  # PTB then says what is wrong
    return json.dumps(whole).encode()


def _given(timeout: Any, default: float) -> float | None:
    """Return seconds, or None for no limit. PTB passes a marker if a call does not set them."""
    return default if timeout is BaseRequest.DEFAULT_NONE else timeout


def _sum(*limits: float | None) -> float | None:
    given = [limit for limit in limits if limit is not None]
    return sum(given) if len(given) == len(limits) else None


async def _body(
    request_data: RequestData | None, files: dict[str, Any]
) -> dict[str, str] | aiohttp.BytesPayload | None:
    if request_data is None:
        return None
    if not files:
        return request_data.json_parameters
    form = aiohttp.FormData(request_data.json_parameters)
    for name, (filename, content, content_type) in files.items():
        form.add_field(name, content, filename=filename, content_type=content_type)
    # Sent in one piece: aiohttp would send the head and the value of each field apart.
    whole = form()
    return aiohttp.BytesPayload(await whole.as_bytes(), headers=whole.headers)


def _reason(error: Exception) -> str:
    """Return what went wrong, without the error's own text: it may have the URL with the token."""
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{name}: {error.os_error.strerror or 'no connection'}"
    return name
