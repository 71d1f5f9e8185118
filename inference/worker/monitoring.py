"""What a worker shows of itself: metrics for Prometheus, and whether it is alive and ready.

`/metrics`, `/healthz` and `/readyz` are served from threads, so that they answer even while the
event loop is stuck.
"""

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app

from inference.protocol.errors import SettingError

# From a batch on a GPU (10 ms) to a large checkpoint on a slow CPU.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

# The event loop notes a heartbeat this often. It is stuck if the last one is older than the limit.
_HEARTBEAT, HEARTBEAT_LIMIT = 1.0, 30.0  # seconds
# A stage is stuck if it takes this many times longer per picture than usual, and at least this
# many seconds: a batch may wait for cores that other programs use.
STUCK_FACTOR, STUCK_AT_LEAST = 20.0, 60.0
# The first batch may wait for memory, or for the GPU's kernels to be built.
STUCK_AT_FIRST = 300.0  # seconds


class WorkerMetrics:
    """The metrics of one worker, in a registry of their own.

    Attributes:
        jobs: settled jobs by outcome. `answered`; `unreadable`: answered, but no picture could be
            decoded; `failed`: the model raised an error; `poison`: too many attempts have failed;
            `handed_back`: given back to the queue (nak); `undecodable`: not a job; `unheard`: its
            result can never be stored; `unknown_version`: left for a worker of another version.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def histogram(name: str, help_text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, help_text, buckets=buckets, registry=self.registry)

        self.jobs = Counter(
            "clipbot_jobs", "Jobs settled, by outcome.", ["outcome"], registry=self.registry
        )
        self.ready = Gauge(
            "clipbot_model_ready", "1 while the model is loaded.", registry=self.registry
        )
        self.batch_size = histogram("clipbot_batch_size", "Pictures in a batch.", _SIZES)
        self.queued = histogram(
            "clipbot_queued_seconds", "From the request until a worker has the job.", _SECONDS
        )
        self.decode = histogram("clipbot_decode_seconds", "Decoding a job's pictures.", _SECONDS)
        self.model = histogram("clipbot_model_seconds", "A batch in the model.", _SECONDS)
        self.chart = histogram("clipbot_chart_seconds", "Drawing a chart.", _SECONDS)


@dataclass(frozen=True)
class _Work:
    """What a thread does at the moment."""

    stage: str
    pictures: int
    began: float


class WorkerHealth:
    """The signs by which a worker that is stuck differs from one that works for long.

    Args:
        now: seconds of a clock that never goes back.

    Attributes:
        parts: returns a line for each part of the worker that is not ready for jobs.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.parts: Callable[[], list[str]] = lambda: ["worker: it is starting."]
        self._heartbeat_at = self._now()
        self._under_way: dict[int, _Work] = {}
        self._usual_seconds: dict[str, float] = {}  # per picture, by stage
        self._work_ids = itertools.count()

    async def beat(self) -> None:
        """Note every second that the event loop runs."""
        while True:
            self._heartbeat_at = self._now()
            await asyncio.sleep(_HEARTBEAT)

    @contextlib.contextmanager
    def at_work(self, stage: str, pictures: int) -> Iterator[None]:
        """Note that a thread is at work while the block runs.

        Args:
            stage: "decoding", "the model" or "drawing".
        """
        work_id = next(self._work_ids)
        work = self._under_way[work_id] = _Work(stage, max(1, pictures), self._now())
        try:
            yield
        finally:
            del self._under_way[work_id]
            seconds = (self._now() - work.began) / work.pictures
            # Decays slowly: a batch of new labels takes longer than one of cached labels.
            self._usual_seconds[stage] = max(seconds, 0.9 * self._usual_seconds.get(stage, 0.0))

    def stuck(self) -> list[str]:
        """Return a line for each part that is stuck; only a new process can repair it."""
        now = self._now()
        lines = []
        if (late := now - self._heartbeat_at) > HEARTBEAT_LIMIT:
            lines.append(f"event loop: it has not run for {late:.0f} s.")
        for work in tuple(self._under_way.values()):
            usual = self._usual_seconds.get(work.stage)
            expected = None if usual is None else usual * work.pictures
            limit = (
                STUCK_AT_FIRST if expected is None else max(STUCK_AT_LEAST, STUCK_FACTOR * expected)
            )
            if (seconds := now - work.began) > limit:
                measured = "" if expected is None else f" (usually {expected:.1f} s)"
                lines.append(
                    f"{work.stage}: {work.pictures} pictures have taken {seconds:.0f} s so "
                    f"far{measured}."
                )
        return lines

    def problems(self) -> list[str]:
        """Return a line for each part that keeps the worker from taking jobs."""
        return [*self.stuck(), *self.parts()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: probes ask every few seconds."""


def serve(port: int, metrics: WorkerMetrics, health: WorkerHealth) -> WSGIServer | None:
    """Serve the pages from daemon threads until the server is shut down or the process ends.

    Args:
        port: METRICS_PORT; 0 serves nothing.

    Raises:
        SettingError: the port can't be opened.
    """
    if not port:
        return None
    prometheus = make_wsgi_app(metrics.registry)

    def page(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        checks = {"/healthz": health.stuck, "/readyz": health.problems}
        if (check := checks.get(environ.get("PATH_INFO", "").rstrip("/"))) is None:
            found: Iterable[bytes] = prometheus(environ, start)
            return found
        lines = check()
        start(
            "503 Service Unavailable" if lines else "200 OK",
            [("Content-Type", "text/plain; charset=utf-8")],
        )
        return ["\n".join(lines or ["ok"]).encode()]

    try:
        # On all interfaces: probes and Prometheus ask from outside the container.
        server = make_server("0.0.0.0", port, page, _Server, _Silent)  # noqa: S104
    except OSError as error:
        raise SettingError(
            f"METRICS_PORT is {port}, but that port can't be opened: {error.strerror}."
        ) from error
    threading.Thread(target=server.serve_forever, name="web", daemon=True).start()
    return server
