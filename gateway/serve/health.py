"""The page that a machine asks: ``/metrics``, ``/livez`` and ``/readyz``.

It answers from a thread of its own, so that a stuck event loop cannot hide itself.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from gateway.config import Endpoint
    from gateway.metrics import Metrics

STALL_SECONDS = 10
"""How long the event loop may show no sign of life before ``/livez`` says so."""


class Health:
    """What the pages tell; the event loop calls :meth:`beat` every second."""

    def __init__(self, metrics: Metrics, faults: Callable[[], list[str]]) -> None:
        self._metrics = metrics
        self._faults = faults
        self._beat = time.monotonic()

    def beat(self) -> None:
        """The event loop is alive."""
        self._beat = time.monotonic()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        status, kind, page = self._page(environ.get("PATH_INFO", ""))
        start(status, [("Content-Type", kind), ("Content-Length", str(len(page)))])
        return [page]

    def _page(self, path: str) -> tuple[str, str, bytes]:
        text = "text/plain; charset=utf-8"
        if path == "/metrics":
            return "200 OK", CONTENT_TYPE_LATEST, self._metrics.exposition()
        if path == "/livez":
            silent = time.monotonic() - self._beat
            if silent > STALL_SECONDS:
                page = f"the event loop has been silent for {silent:.0f} s\n"
                return "503 Service Unavailable", text, page.encode()
            return "200 OK", text, b"alive\n"
        if path == "/readyz":
            faults = self._faults()
            if faults:
                page = "".join(f"{fault}\n" for fault in faults)
                return "503 Service Unavailable", text, page.encode()
            return "200 OK", text, b"ready\n"
        return "404 Not Found", text, b"there are /metrics, /livez and /readyz\n"


class _Quiet(WSGIRequestHandler):
    timeout = 10  # seconds a client may take for its request

    def log_message(self, *_: object) -> None:
        """Say nothing: who asks for metrics is not news."""


class HealthServer:
    """Serves a :class:`Health` on one endpoint from a thread."""

    def __init__(self, endpoint: Endpoint, health: Health) -> None:
        self._server = WSGIServer((endpoint.host, endpoint.port), _Quiet)
        self._server.set_app(health)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="health", daemon=True
        )

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
