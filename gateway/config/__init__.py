"""The configuration: one TOML file, read into a frozen ``Config``, all its faults told at once.

``load`` finds and reads it. A consumer takes the dataclasses from here::

    config = load(None, os.environ)
    for endpoint in config.relay.listen: ...
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway import packaged
from gateway.config.endpoint import Endpoint
from gateway.config.machine_checks import machine_faults
from gateway.config.read_config import examine, read
from gateway.config.settings import (
    LOOPBACK,
    BareNewlines,
    Compliance,
    Config,
    Console,
    Desk,
    Institution,
    LedgerFiles,
    Lists,
    Metrics,
    Mode,
    Network,
    Notices,
    OnLedgerFailure,
    Policies,
    Relay,
    Retention,
    Tls,
)
from gateway.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "LOOPBACK",
    "SYSTEM_FILE",
    "BareNewlines",
    "Compliance",
    "Config",
    "Console",
    "Desk",
    "Endpoint",
    "Institution",
    "LedgerFiles",
    "Lists",
    "Metrics",
    "Mode",
    "Network",
    "Notices",
    "OnLedgerFailure",
    "Policies",
    "Relay",
    "Retention",
    "Tls",
    "examine",
    "find",
    "load",
    "machine_faults",
    "read",
]

ENVIRONMENT_VARIABLE = "MONITION_CONFIG"
SYSTEM_FILE = Path("/etc/monition/monition.toml")


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration that :func:`find` chooses; raises ``ConfigError`` with every fault."""
    return read(Document.read(find(path, environ)))


def find(path: Path | None, environ: Mapping[str, str], *, system: Path = SYSTEM_FILE) -> Path:
    """Choose the file: named, else ``$MONITION_CONFIG``, else the system's, else the packaged.

    Only the system's file may be absent. One that is there and can't be read is chosen all the
    same, so that reading it tells so: passing over it would mean another institution's values.
    """
    if path is not None:
        return path
    if named := environ.get(ENVIRONMENT_VARIABLE):
        return Path(named)
    try:
        system.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return packaged.default_configuration()
    except OSError:
        return system
    return system
