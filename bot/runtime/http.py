"""HTTP to others, through the proxies and with the certificates that this machine wants.

By aiohttp. httpx, which PTB would use, takes 1 ms of the processor for a request, and 4 where sixty
are under way; aiohttp takes 0.3 at all times, and a photo needs five.
"""

import json
import os
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi

from inference.protocol.errors import SettingError


class NotJson(ValueError):
    """An answer is no JSON that can be read.

    Attributes:
        body: the answer as it came.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__("the answer is not JSON")
        self.body = body


def session(url: str, connections: int = 1) -> aiohttp.ClientSession:
    """A client for one server, without cookies. Made where a loop is running.

    Args:
        url: of the server, or of anything on it.
        connections: at once, at most.

    Raises:
        SettingError: the environment names a proxy that can't be used.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=_certificates()),
        cookie_jar=aiohttp.DummyCookieJar(),
        # aiohttp itself would look for proxies, and for passwords in ~/.netrc, at each request.
        proxy=proxy_for(url),
    )


async def post(
    client: aiohttp.ClientSession,
    url: str,
    form: Mapping[str, int | str],
    timeout: aiohttp.ClientTimeout,
) -> Any:
    """The JSON that a form is answered with, whatever the status says.

    Nobody is followed elsewhere: the form would be lost on the way.

    Raises:
        aiohttp.ClientError, OSError: there is no answer, or not in time.
        NotJson: it is no JSON.
    """
    async with client.post(url, data=form, allow_redirects=False, timeout=timeout) as answer:
        body = await answer.read()
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson(body) from None


def proxy_for(url: str) -> str | None:
    """The proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY or the system name for a URL.

    Raises:
        SettingError: it is not one that HTTP is spoken with.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if (scheme := urlsplit(proxy).scheme) != "http":
        raise SettingError(
            f"The proxy for {parts.hostname} begins with {scheme}://, and only http:// can be "
            f"used; change {parts.scheme.upper()}_PROXY or ALL_PROXY."
        )
    return proxy


@cache
def _certificates() -> ssl.SSLContext:
    """Those that the system trusts, which may be none, and Mozilla's; or those that are named."""
    context = ssl.create_default_context()
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_verify_locations(certifi.where())
    return context
