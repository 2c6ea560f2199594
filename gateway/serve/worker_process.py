"""What happens in a forked process: a worker runs, and reports."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

import structlog
import uvloop

from gateway.errors import FaultyFile
from gateway.serve import worker_report
from gateway.serve.worker import Worker

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from gateway.config import Config
    from gateway.relay.limits.session_count import SessionCount
    from gateway.serve.listener_sockets import ListenerSockets
    from gateway.serve.load_in_force import Loaded

FAULTY = 2
"""The exit status for a faulty configuration, which no restart mends."""

CRASHED = 1
"""The exit status for a bug, after which another worker is started."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = structlog.get_logger("serve")


def fork(work: Callable[[], int]) -> int:
    """Run ``work`` in a process of its own, which ends with its result; the process's id.

    Its signals are blocked until :meth:`Worker.run` has handlers for them, so that none is lost.
    The caller must have one thread only. Raises ``OSError``.
    """
    # A collection in a child would touch, and so copy, every page that it shares with us.
    gc.collect()
    gc.freeze()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        pid = os.fork()
        if pid == 0:
            _end_with(work)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _end_with(work: Callable[[], int]) -> None:
    status = CRASHED
    try:
        signal.set_wakeup_fd(-1)
        for number in (*SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        status = work()
    except BaseException:
        log.exception("a worker broke off")
    finally:
        # Not sys.exit(): what our parent holds on its stack is not ours to unwind.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(  # noqa: PLR0913, PLR0917 - all that a supervisor shares, and what is this worker's own
    config: Config,
    loaded: Loaded,
    sockets: ListenerSockets,
    session_count: SessionCount,
    end: socket.socket,
    number: int,
) -> int:
    """Serve as worker ``number``, from 1, until told to stop, or until the supervisor dies.

    ``end`` is this worker's end of the channel. Gives the exit status.
    """
    session_count.become_worker(number)
    structlog.contextvars.bind_contextvars(worker=number)
    try:
        worker = Worker(
            config,
            loaded=loaded,
            listening=sockets.relay,
            session_count=session_count,
            beat=lambda: worker_report.send(end, worker.report()),
        )
        uvloop.run(_serve(worker, end))
    except FaultyFile as error:
        log.error("faulty configuration", faults=list(map(str, error.faults)))  # noqa: TRY400
        return FAULTY
    # What was counted since the last second.
    worker_report.send(end, worker.report())
    return 0


async def _serve(worker: Worker, end: socket.socket) -> None:
    loop = asyncio.get_running_loop()

    def orphaned() -> None:
        loop.remove_reader(end)
        # Its sockets would keep the next supervisor from binding them.
        log.error("the supervisor is gone: draining")
        worker.stop()

    # The supervisor never writes: what is to be read is its end.
    loop.add_reader(end, orphaned)
    try:
        await worker.run()
    finally:
        loop.remove_reader(end)
