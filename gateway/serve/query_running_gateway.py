"""Asking a running gateway which snapshot and policy are in force: its metrics name the digests."""

from __future__ import annotations

import http.client
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import Endpoint

PATIENCE_SECONDS = 2.0
_LARGEST = 1 << 22
_INFO = re.compile(
    r'^monition_snapshot_info\{digest="([^"\\]*)",policy="([^"\\]*)"\} ([0-9.e+]+)$', re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """The digests of a running gateway. While its workers reload there may be two of each.

    ``why_not`` says why they are not known: nobody answers, or something else does.
    """

    snapshots: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    why_not: str | None = None


def ask(endpoint: Endpoint) -> RunningGateway:
    """Ask whoever answers at ``metrics.listen``; an error is told in the answer, never raised.

    Waits for :data:`PATIENCE_SECONDS` at each step.
    """
    connection = _Connection(endpoint)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read(_LARGEST).decode("utf-8", "replace")
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return RunningGateway(why_not=f"no gateway answers at {endpoint} ({reason})")
    finally:
        connection.close()
    found = _INFO.findall(text) if status == http.HTTPStatus.OK else []
    # A worker that has ended leaves its counts behind, with nothing at work.
    at_work = [(digest, policy) for digest, policy, many in found if float(many) > 0]
    if not at_work:
        return RunningGateway(
            why_not=f"what answers at {endpoint} is no gateway, or one that just starts"
        )
    snapshots, policies = zip(*at_work, strict=True)
    return RunningGateway(tuple(dict.fromkeys(snapshots)), tuple(dict.fromkeys(policies)))


class _Connection(http.client.HTTPConnection):
    """HTTP to an endpoint, which may be a Unix socket."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint.host or "localhost", endpoint.port, timeout=PATIENCE_SECONDS)
        self._path = endpoint.path

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_SECONDS)
        self.sock.connect(self._path)
