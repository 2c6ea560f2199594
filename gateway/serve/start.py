"""Starting the gateway: read, bind, then one process or several."""

from __future__ import annotations

import gc
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
import uvloop

from gateway.serve import descriptor_budget, health, listener_sockets, load_in_force, sd_notify
from gateway.serve.health_server import HealthServerThread
from gateway.serve.process_limits.core_dumps import forbid_core_dumps
from gateway.serve.process_limits.stray_signals import ignore_stray_signals
from gateway.serve.sd_notify import Notifier
from gateway.serve.supervisor import Supervisor
from gateway.serve.worker import Worker
from gateway.smtp import compiled_build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config import Config, Relay
    from gateway.serve.listener_sockets import ListenerSockets
    from gateway.serve.load_in_force import Loaded

log = structlog.get_logger("serve")


def start_gateway(config: Config, environ: Mapping[str, str]) -> int:
    """Serve until told to stop; the exit status: 0, or 2 where a worker found a faulty file.

    ``FaultyFile``: the policies are wrong. ``OSError``: an endpoint cannot be listened on.
    ``MonitionError``: what systemd hands over is of no use.
    """
    ignore_stray_signals()
    if not forbid_core_dumps():
        log.warning("a crash may leave a core dump: set LimitCORE=0 or ulimit -c 0")
    loaded = load_in_force.load(config, datetime.now(UTC).date())
    sockets = listener_sockets.listen(config, environ, os.getpid())
    notifier = Notifier(environ, os.getpid())
    if os.geteuid() == 0:
        log.warning("running as root; run it as a user of its own")
    log.info("starting", wire=compiled_build.KIND)
    config = _with_room(config)
    count = worker_count(config.relay)
    if count > 1:
        return Supervisor(config, loaded, sockets, notifier, count).run()
    return _serve_alone(config, loaded, sockets, notifier)


def worker_count(relay: Relay) -> int:
    """How many workers; ``"auto"`` is one for each processor that we may use."""
    return len(os.sched_getaffinity(0)) if relay.workers == "auto" else relay.workers


def _with_room(config: Config) -> Config:
    """Let in no more clients than there are descriptors for."""
    return replace(
        config,
        relay=replace(config.relay, max_sessions=descriptor_budget.allowed_sessions(config.relay)),
    )


def _serve_alone(
    config: Config, loaded: Loaded, sockets: ListenerSockets, notifier: Notifier
) -> int:
    worker = Worker(
        config,
        loaded=loaded,
        listening=sockets.relay,
        notifier=notifier,
        beat=notifier.notify_watchdog,
    )
    # What was read so far lives as long as we do: no collection need walk through it.
    gc.collect()
    gc.freeze()
    pages = None
    if sockets.pages is not None:
        pages = HealthServerThread(sockets.pages, lambda path: health.page(path, worker))
    try:
        uvloop.run(worker.run(ready=lambda: notifier.notify(sd_notify.READY)))
    finally:
        if pages is not None:
            pages.close()
    return 0
