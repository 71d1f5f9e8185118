"""Which libraries the bot's own process does not load."""

import subprocess
import sys
from pathlib import Path

_START = """
import asyncio, sys
import bot.app
from bot.storage import open_database

async def start():
    database = await open_database("sqlite+aiosqlite:///" + sys.argv[1])
    await database.dispose()

asyncio.run(start())
print(*sorted({"alembic", "uvicorn", "starlette", "rich", "pygments"} & set(sys.modules)))
"""


def test_a_new_bot_that_polls_loads_neither_migrations_nor_web_servers(tmp_path: Path) -> None:
    """They would be 14 of 98 MB."""
    command = [sys.executable, "-c", _START, str(tmp_path / "clipbot.db")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
