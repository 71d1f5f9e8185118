"""A worker's web server: `/metrics`, `/healthz` and `/readyz`, from threads of their own."""

import threading
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import make_wsgi_app

from inference.protocol.errors import SettingError
from inference.worker.metrics import Metrics
from inference.worker.monitoring import WorkerHealth


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing: probes come every few seconds."""


def serve(port: int, metrics: Metrics, health: WorkerHealth) -> WSGIServer | None:
    """Serves from daemon threads until it is shut down, or the process ends; 0 serves nothing.

    Raises:
        SettingError: the port can't be had.
    """
    if not port:
        return None
    prometheus = make_wsgi_app(metrics.registry)

    def page(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        looks = {"/healthz": health.stuck, "/readyz": health.problems}
        if (look := looks.get(environ.get("PATH_INFO", "").rstrip("/"))) is None:
            found: Iterable[bytes] = prometheus(environ, start)
            return found
        lines = look()
        start(
            "503 Service Unavailable" if lines else "200 OK",
            [("Content-Type", "text/plain; charset=utf-8")],
        )
        return ["\n".join(lines or ["ok"]).encode()]

    try:
        # All networks: probes and Prometheus come from outside a container.
        server = make_server("0.0.0.0", port, page, _Server, _Silent)  # noqa: S104
    except OSError as error:
        raise SettingError(
            f"METRICS_PORT is {port}, but that port can't be opened: {error.strerror}."
        ) from error
    threading.Thread(target=server.serve_forever, name="web", daemon=True).start()
    return server
