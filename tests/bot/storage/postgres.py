"""A real PostgreSQL server for tests, where Debian's package is installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import reserved_port


def _binaries() -> Path:
    """Return the folder of the newest server's programs; skip the test if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("PostgreSQL's server is not installed in /usr/lib/postgresql")
    return found[-1].parent


def _unprivileged() -> list[str | Path]:
    """Return a command prefix that drops root's rights: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and setpriv is not here")
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the address of an empty database `postgres` on loopback."""
    binaries, runner = _binaries(), _unprivileged()
    # Not in pytest's own folders, which only their owner may enter.
    with tempfile.TemporaryDirectory() as name, reserved_port() as port:
        folder = Path(name)
        if runner:
            os.chown(folder, 65534, 65534)
        data = folder / "data"
        initdb: list[str | Path] = [
            *(binaries / "initdb", "--pgdata", data, "--username", "clipbot"),
            *("--auth", "trust", "--no-sync", "--encoding", "UTF8", "--no-locale"),
        ]
        subprocess.run([*runner, *initdb], check=True, capture_output=True, cwd=folder)
        pg_ctl: list[str | Path] = [
            *runner,
            binaries / "pg_ctl",
            "--pgdata",
            data,
            "-w",
            "-t",
            "30",
        ]
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
        log = folder / "log"
        subprocess.run(
            [*pg_ctl, "-o", options, "-l", log, "start"], check=True, capture_output=True
        )
        try:
            yield f"postgresql+asyncpg://clipbot@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*pg_ctl, "-m", "immediate", "stop"], check=True, capture_output=True)
