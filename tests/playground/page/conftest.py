"""The page's server with a Bot API server, without a browser and without a real bot."""

from collections.abc import AsyncIterator

import httpx
import pytest

from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.gallery import Gallery
from clipbot_playground.page.model_choice import ModelChoice
from clipbot_playground.page.site import Site
from clipbot_playground.page.system_panel import SystemPanel


@pytest.fixture
def system_panel(server: BotApiServer) -> SystemPanel:
    return SystemPanel(server.world.notifier, ModelChoice("demo"))


@pytest.fixture
def site(server: BotApiServer, system_panel: SystemPanel) -> Site:
    return Site(server, system_panel, Gallery())


@pytest.fixture
async def page(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends the requests of the page, without a network."""
    own = "http://127.0.0.1:8080"
    transport = httpx.ASGITransport(site.application)
    async with httpx.AsyncClient(
        transport=transport, base_url=own, headers={"origin": own}
    ) as client:
        yield client


@pytest.fixture
def anna(site: Site) -> SimulatedUser:
    """A person as whom the page can write."""
    return site.add_person("Anna")
