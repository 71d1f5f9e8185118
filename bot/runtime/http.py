"""HTTP to other servers, with the proxies and certificates that this machine is set to.

It uses aiohttp, which needs 0.3 ms of processor time for a request. httpx, the default of
python-telegram-bot, needs 1 ms, and 4 ms if sixty requests run at once. A photo needs five.
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
    """A server's answer is not JSON.

    Attributes:
        body: the answer as it came.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__("the answer is not JSON")
        self.body = body


def session(url: str, connections: int = 1) -> aiohttp.ClientSession:
    """Return a client for one server, without cookies. Call it while an event loop runs.

    Args:
        url: of the server, or of anything on it.
        connections: how many it has at once, at most.

    Raises:
        SettingError: the environment names a proxy that can't be used.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=_certificates()),
        cookie_jar=aiohttp.DummyCookieJar(),
        # By itself, aiohttp looks for proxies, and for passwords in ~/.netrc, at each request.
        proxy=proxy_for(url),
    )


async def post(
    client: aiohttp.ClientSession,
    url: str,
    form: Mapping[str, int | str],
    timeout: aiohttp.ClientTimeout,
) -> Any:
    """Post a form and return the JSON of the answer, whatever its status.

    Redirects are not followed: they would drop the form.

    Raises:
        aiohttp.ClientError, OSError: there is no answer, or not in time.
        NotJson: the answer is not JSON.
    """
    async with client.post(url, data=form, allow_redirects=False, timeout=timeout) as answer:
        body = await answer.read()
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson(body) from None


def proxy_for(url: str) -> str | None:
    """Return the proxy for a URL by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY or the system.

    Raises:
        SettingError: it is no HTTP proxy.
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
    """Return the system's certificates (it may have none) and Mozilla's, or those that are set."""
    context = ssl.create_default_context()
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_verify_locations(certifi.where())
    return context
