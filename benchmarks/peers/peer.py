"""The gateways that are compared, and how each is started."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.host import child

if TYPE_CHECKING:
    from collections.abc import Callable


class Role(Enum):
    """What a peer is there for."""

    FLOOR = "looks at nothing"
    RIVAL = "what else could be had"
    CLEAR = "monition, every message clear"
    MATCHED = "monition, every message matched"


class Place(NamedTuple):
    """Where one process of a peer works: an empty folder, and two ports on the loopback."""

    directory: Path
    listen: int
    next_hop: int


@dataclass(frozen=True, slots=True)
class Peer:
    """One column of the table. ``missing`` says why it cannot run here, or is ``None``."""

    name: str
    role: Role
    version: str
    missing: str | None
    command: Callable[[Place], list[str]]
    recipient: str | None = None
    """All its mail goes there; ``None``: to a recipient that nobody has listed."""
    pace: float = 1.0
    """Slow ones are sent fewer messages, so that a run stays short; a sample stays long enough."""
    is_streaming: bool = True
    """Passes content on as it comes; one that does not holds whole messages in memory."""
    check: Callable[[Place, int], None] = lambda _place, _messages: None
    """Raises ``BenchmarkError`` where it did not do its work on so many messages."""

    @property
    def told(self) -> str:
        """Name and version, or why it is not here."""
        return f"{self.name}: {self.missing or self.version}"


def haproxy() -> Peer:
    """Give the floor: two streams of bytes tied together, by a program written in C."""
    program = child.find("haproxy")
    return Peer(
        "haproxy, TCP mode",
        Role.FLOOR,
        _haproxy_version(program) if program else "",
        None if program else "haproxy is not installed (package haproxy)",
        lambda place: _haproxy(program or "haproxy", place),
    )


def aiosmtpd() -> Peer:
    """Give the rival: a proxy that is made with Python's SMTP server."""
    version = release("aiosmtpd")
    return Peer(
        "aiosmtpd, Proxy",
        Role.RIVAL,
        version or "",
        None if version else "aiosmtpd is not installed in this virtual environment",
        _aiosmtpd,
        pace=0.25,
        is_streaming=False,
    )


def release(package: str) -> str | None:
    """Give the version of a package that is installed, if one is."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _haproxy_version(program: str) -> str:
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\d+(?:\.\d+)+)", told)
    return found[1] if found else "unknown version"


def _haproxy(program: str, place: Place) -> list[str]:
    file = place.directory / "haproxy.cfg"
    file.write_text(f"""\
global
    nbthread 1
    maxconn 1000
defaults
    mode tcp
    timeout connect 30s
    timeout client 300s
    timeout server 300s
listen smtp
    bind 127.0.0.1:{place.listen}
    server sink 127.0.0.1:{place.next_hop}
""")
    return [program, "-db", "-f", str(file)]


def _aiosmtpd(place: Place) -> list[str]:
    script = Path(__file__).with_name("aiosmtpd_proxy.py")
    return [sys.executable, str(script), str(place.listen), str(place.next_hop)]
