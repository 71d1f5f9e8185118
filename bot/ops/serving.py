"""The bot's two optional web servers: one for metrics and health, one for the webhook."""

from contextlib import AsyncExitStack

from prometheus_client import make_asgi_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from bot.ops.health import Health
from bot.ops.web import WebServer
from bot.runtime.metrics import Metrics
from bot.settings import BotSettings


async def serve_status(
    stack: AsyncExitStack, settings: BotSettings, health: Health, metrics: Metrics
) -> None:
    """Serve metrics and health until the stack closes.

    Raises:
        SettingError: METRICS_PORT can't be used.
    """
    await _serve(
        stack,
        WebServer(
            status_pages(health, metrics),
            "0.0.0.0",  # noqa: S104 - metrics are scraped from outside a container
            settings.metrics_port,
            setting="METRICS_PORT",
        ),
    )


async def serve_webhook(
    stack: AsyncExitStack, settings: BotSettings, application: Starlette
) -> None:
    """Serve the webhook until the stack closes. This does not register it with Telegram.

    Args:
        application: takes what is posted, see `bot.telegram.webhook`.

    Raises:
        SettingError: WEBHOOK_LISTEN or WEBHOOK_PORT can't be used.
    """
    await _serve(
        stack,
        WebServer(
            application,
            settings.webhook_listen,
            settings.webhook_port,
            setting="WEBHOOK_LISTEN or WEBHOOK_PORT",
        ),
    )


async def _serve(stack: AsyncExitStack, server: WebServer) -> None:
    await server.start()
    stack.push_async_callback(server.stop)


def status_pages(health: Health, metrics: Metrics) -> Starlette:
    """Return `/metrics` for Prometheus, `/healthz` for what restarts containers, and `/readyz`.

    `/healthz` answers as long as the event loop runs: a restart of this process would repair
    nothing else. `/readyz` says whether people get answers, and if not, why.
    """

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(_request: Request) -> Response:
        problems = await health.problems()
        return PlainTextResponse("\n".join(problems) or "ok", 503 if problems else 200)

    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", ready),
            Mount("/metrics", make_asgi_app(registry=metrics.registry)),
        ]
    )
