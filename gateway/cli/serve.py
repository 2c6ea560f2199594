"""``monition serve``: run the gateway."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gateway import log
from gateway.cli.shared.options import config_option, example, load_config
from gateway.errors import MonitionError
from gateway.serve.start import start_gateway

if TYPE_CHECKING:
    from pathlib import Path


class NotServingError(MonitionError):
    """Something the gateway needs is not to be had now; starting again may help."""

    exit_code = 1


@click.command(epilog=example("monition serve -c /etc/monition/monition.toml"))
@config_option
def command(config_file: Path | None) -> None:
    """Run the relay and the courier until SIGTERM.

    With relay.workers = N it is a supervisor of N processes. SIGHUP reads the policies again. An
    unusable ledger is told loudly and does not keep the gateway from starting; a faulty
    configuration ends it with status 2, a port in use with 1: that can pass.
    """
    config = load_config(config_file)
    log.set_up()
    try:
        status = start_gateway(config, os.environ)
    except OSError as error:
        raise NotServingError(f"{error.strerror or error}") from error
    click.get_current_context().exit(status)
