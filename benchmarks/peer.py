"""The gateways that are compared, and how each is started."""

from __future__ import annotations

import importlib.metadata
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import child
from benchmarks.child import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Callable

LISTED = "reader@mipt.ru"
"""A recipient at a listed institution (policies/entities/us-ofac-russia-universities.toml)."""


class Place(NamedTuple):
    """Where one process of a peer works."""

    directory: Path
    listen: int
    next_hop: int


@dataclass(frozen=True, slots=True)
class Peer:
    """One row of the table. ``missing`` says why it cannot run here, or is ``None``."""

    name: str
    version: str
    missing: str | None
    command: Callable[[Place], list[str]]
    recipient: str | None = None
    """All its mail goes there; ``None``: to each column's own recipient."""
    pace: float = 1.0
    """Slow ones are sent fewer messages, so that a run stays short; a sample stays long enough."""
    check: Callable[[Place, int], None] = lambda _place, _messages: None
    """Raises ``BenchmarkError`` where it did not do its work on so many messages."""


def peers() -> tuple[Peer, ...]:
    """All rows, the floor that the others are compared with first."""
    haproxy, aiosmtpd = child.find("haproxy"), _release("aiosmtpd")
    monition = _release("monition") or "source tree"
    return (
        Peer(
            "haproxy, TCP mode",
            _haproxy_version(haproxy) if haproxy else "",
            None if haproxy else "haproxy is not installed",
            lambda place: _haproxy(haproxy or "haproxy", place),
        ),
        Peer(
            "aiosmtpd handlers.Proxy",
            aiosmtpd or "",
            None if aiosmtpd else "aiosmtpd is not installed",
            _aiosmtpd,
            pace=0.25,
        ),
        Peer("monition, nothing matched", monition, None, _monition, check=_found_nothing),
        Peer(
            "monition, all matched",
            monition,
            None,
            _monition,
            recipient=LISTED,
            pace=0.5,
            check=_found_all,
        ),
    )


def _release(package: str) -> str | None:
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


def _monition(place: Place) -> list[str]:
    file = place.directory / "monition.toml"
    file.write_text(f"""\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{place.listen}"]
next_hop = ["127.0.0.1:{place.next_hop}"]
[ledger]
path = "{_ledger(place)}"
emergency_journal = "{place.directory / "ledger.journal"}"
[notices]
submit = "127.0.0.1:{place.next_hop}"
""")
    return [sys.executable, "-m", "gateway", "serve", "-c", str(file)]


def _ledger(place: Place) -> Path:
    return place.directory / "ledger.db"


def _found_nothing(place: Place, _messages: int) -> None:
    _expect(place, observed=0)


def _found_all(place: Place, messages: int) -> None:
    _expect(place, observed=messages)


def _expect(place: Place, *, observed: int) -> None:
    """Each message has its event and its settlement in the ledger, or none has."""
    with closing(sqlite3.connect(f"file:{_ledger(place)}?mode=ro", uri=True)) as ledger:
        kinds = Counter(kind.lower() for (kind,) in ledger.execute("SELECT kind FROM event"))
    found = kinds["observed"], kinds["settled"]
    if found != (observed, observed):
        raise BenchmarkError(
            f"the ledger holds {found[0]} observed and {found[1]} settled events "
            f"where {observed} messages matched"
        )
