"""HTTP to Telegram by aiohttp: for PTB's calls of the Bot API, and for what we ask by ourselves.

PTB's own client, httpx, takes 1 ms of the processor for a request, and 4 where sixty are under way;
aiohttp takes 0.3 at all times, and a photo needs five.
"""

import ssl
from functools import cache
from typing import Any

import aiohttp
import certifi
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

# Seconds. A free connection may be waited for, since all who ask are ours.
_POOL = 60.0
_CONNECT = 5.0
_READ = 20.0
_WRITE = 5.0
_WRITE_FILES = 60.0


def session(connections: int) -> aiohttp.ClientSession:
    """A client: proxies as the environment has them, no cookies. Made where a loop is running.

    Args:
        connections: at once, at most.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=_certificates()),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=True,
    )


@cache
def _certificates() -> ssl.SSLContext:
    """Those that the system trusts, which may be none, and Mozilla's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class AiohttpRequest(BaseRequest):
    """PTB's way to the Bot API.

    Args:
        connections: at once, at most.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds that an answer may take, where a call says nothing else."""
        return _READ

    async def initialize(self) -> None:
        """Makes the client; PTB calls this first."""
        if self._session is None:
            self._session = session(self._connections)

    async def shutdown(self) -> None:
        """Closes all connections."""
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
        """The answer's status and body; see `BaseRequest.do_request`.

        Raises:
            TimedOut: no connection, or no answer, in time.
            NetworkError: Telegram can't be reached, or the connection broke.
        """
        if self._session is None:
            raise RuntimeError("initialize() comes first")
        files = request_data.multipart_data if request_data else {}
        read = _given(read_timeout, _READ)
        connect = _given(connect_timeout, _CONNECT)
        write = _given(write_timeout, _WRITE_FILES if files else _WRITE)
        pool = _given(pool_timeout, _POOL)
        try:
            async with self._session.request(
                method,
                url,
                data=_form(request_data, files),
                headers={"User-Agent": self.USER_AGENT},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    # aiohttp has no limit for writing by itself.
                    total=pool + connect + write + read,
                    connect=pool + connect,
                    sock_connect=connect,
                    sock_read=read,
                ),
            ) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"{type(error).__name__}: {error}") from error


def _given(timeout: Any, default: float) -> float:
    """Seconds; PTB passes its own marker where a call says nothing."""
    return float(timeout) if isinstance(timeout, int | float) else default


def _form(
    request_data: RequestData | None, files: dict[str, Any]
) -> dict[str, str] | aiohttp.FormData | None:
    if request_data is None:
        return None
    if not files:
        return request_data.json_parameters
    form = aiohttp.FormData(request_data.json_parameters)
    for name, (filename, content, content_type) in files.items():
        form.add_field(name, content, filename=filename, content_type=content_type)
    return form
