"""Monition as a peer: with nothing matched, with all matched, and by another interpreter."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.host.child import BenchmarkError
from benchmarks.peers.peer import Peer, Place, Role, aiosmtpd, haproxy

if TYPE_CHECKING:
    from pathlib import Path

LISTED = "reader@mipt.ru"
"""A recipient at a listed institution (policies/entities/us-ofac-russia-universities.toml)."""

PROBE_SECONDS = 60

_PROBE = """\
import importlib, json
import gateway
smtp = importlib.import_module("gateway.smtp")
told = getattr(smtp, "IS_COMPILED", None)
told = told() if callable(told) else told
file = importlib.import_module("gateway.smtp.session").__file__
compiled = bool(told) if told is not None else not file.endswith(".py")
print(json.dumps([gateway.__version__, compiled, file]))
"""


class Build(NamedTuple):
    """What an interpreter has installed: the version, and whether its ``smtp`` is compiled."""

    version: str
    is_compiled: bool
    file: str
    """That of ``gateway.smtp.session``."""

    @property
    def told(self) -> str:
        """The same in words; ``wire`` is the log's word for ``smtp``."""
        return f"{self.version}, wire {'compiled' if self.is_compiled else 'in pure Python'}"


def peers(other_python: str | None = None) -> tuple[Peer, ...]:
    """Give all peers, the floor first. ``other_python``: an interpreter to run the gateway with."""
    build = probe(sys.executable)
    version = build.told if isinstance(build, Build) else ""
    missing = None if isinstance(build, Build) else build
    return (
        haproxy(),
        aiosmtpd(),
        Peer(
            "monition, nothing matched",
            Role.CLEAR,
            version,
            missing,
            command,
            check=_found_nothing,
        ),
        *([] if other_python is None else [_by_another(other_python)]),
        matched(version, missing),
    )


def matched(version: str, missing: str | None, workers: int = 1) -> Peer:
    """Give the gateway each of whose messages goes to a listed institution.

    ``missing`` is why it cannot run here, or ``None``.
    """
    return Peer(
        "monition, all matched",
        Role.MATCHED,
        version,
        missing,
        partial(command, workers=workers),
        recipient=LISTED,
        pace=0.5,
        check=_found_all,
    )


def _by_another(python: str) -> Peer:
    build = probe(python)
    if not isinstance(build, Build):
        return Peer("monition, other build", Role.CLEAR, "", build, command)
    return Peer(
        "monition, compiled" if build.is_compiled else "monition, other Python",
        Role.CLEAR,
        f"{build.told}, by {python}",
        None,
        partial(command, python=python),
        check=_found_nothing,
    )


def probe(python: str) -> Build | str:
    """Look at the gateway that ``python`` would run; as text, why it can run none."""
    try:
        # -P: what it has installed, not what lies in the folder that we were started in.
        done = subprocess.run(
            [python, "-P", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{python} cannot be run: {error}"
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it says nothing"]
        return f"{python} cannot import the gateway: {said[-1]}"
    return Build(*json.loads(done.stdout))


def command(place: Place, *, python: str = sys.executable, workers: int = 1) -> list[str]:
    """Give the command that starts the gateway in a place; its configuration is written there."""
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
workers = {workers}
[ledger]
path = "{_ledger(place)}"
emergency_journal = "{place.directory / "ledger.journal"}"
[notices]
submit = "127.0.0.1:{place.next_hop}"
""")
    return [python, "-P", "-m", "gateway", "serve", "-c", str(file)]


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
