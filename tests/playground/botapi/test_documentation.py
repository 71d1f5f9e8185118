"""The example of docs/bot-api-server.md runs in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import bot
from clipbot_playground.botapi.server import BotApiServer

_PAGE = Path(bot.__file__).parents[1] / "docs" / "bot-api-server.md"


def test_the_pages_example_runs(tmp_path: Path) -> None:
    plugin, example = re.findall(
        r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "conftest.py").write_text(plugin)
    (tmp_path / "test_example.py").write_text(example)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(_PAGE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout


def test_the_page_names_only_existing_attributes() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    server = BotApiServer()
    alice = server.person("Alice")
    for name, owner in (("server", server), ("alice", alice)):
        named = set(re.findall(rf"(?<!playground\.)\b{name}\.(\w+)", text))
        assert len(named) > 4
        assert [word for word in named if not hasattr(owner, word)] == []
