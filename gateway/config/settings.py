"""What an operator can set: one frozen dataclass a section, with the defaults that hold.

Times are in the unit that a key's name says; paths are absolute.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gateway import packaged
from gateway.config.endpoint import Endpoint
from gateway.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

Network = IPv4Network | IPv6Network

RELAY = Endpoint("127.0.0.1", 10025)
NEXT_HOP = Endpoint("127.0.0.1", 10026)
DESK = Endpoint("127.0.0.1", 10027)
METRICS = Endpoint("127.0.0.1", 9464)
CONSOLE = Endpoint("127.0.0.1", 8460)


def record_of(ledger: Path) -> Path:
    """Where it is remembered that there is a ledger at a path: ``ledger.record`` beside it."""
    return ledger.with_name(f"{ledger.stem}.record")


LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class OnLedgerFailure(StrEnum):
    """What becomes of a matched message that can't be written down (behaviour R17)."""

    DEFER = "defer"
    DELIVER = "deliver"


class BareNewlines(StrEnum):
    """What becomes of a message that holds a look-alike terminator (behaviour R10)."""

    REFUSE = "refuse"
    PASS = "pass"  # noqa: S105 - a word of the configuration


class Mode(StrEnum):
    """Whether senders are written to at all; ``OBSERVE`` only records (behaviour P2)."""

    WARN = "warn"
    OBSERVE = "observe"


class Tls(StrEnum):
    """How far the way to a mail server is kept from others' eyes.

    ``OPPORTUNISTIC`` takes TLS where it is offered and trusts any certificate (RFC 7435);
    ``VERIFY`` goes no other way, and only to a server that proves its name.
    """

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Institution:
    """Who we are. A sender below one of ``domains`` (A-labels, lower case) is ours.

    ``departments`` is a CSV file that says whose department is which.
    """

    name: str
    domains: tuple[str, ...]
    departments: Path | None = None


@dataclass(frozen=True, slots=True)
class Compliance:
    """The office that senders are pointed to, as notices name it."""

    office: str
    email: str
    officer: str | None = None
    phone: str | None = None
    disclosure_url: str | None = None
    notice_url: str | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """The SMTP side. ``clients`` may connect, ``trusted`` may use XFORWARD.

    ``workers`` is a number of processes, or ``"auto"`` for one a processor; ``max_sessions`` is for
    all of them together, ``max_recipients`` for one message. With
    ``certificate_file`` and ``key_file`` (PEM) STARTTLS is offered at ``listen``; at
    ``listen_tls`` TLS comes before the first word (RFC 8314 section 3). A peer in
    ``proxy_protocol`` tells the client's address ahead of the client's bytes, and must.
    """

    listen: tuple[Endpoint, ...] = (RELAY,)
    listen_tls: tuple[Endpoint, ...] = ()
    certificate_file: Path | None = None
    key_file: Path | None = None
    clients: tuple[Network, ...] = LOOPBACK
    proxy_protocol: tuple[Network, ...] = ()
    next_hop: tuple[Endpoint, ...] = (NEXT_HOP,)
    next_hop_tls: Tls = Tls.NONE
    workers: int | Literal["auto"] = 1
    trusted: tuple[Network, ...] = LOOPBACK
    max_sessions: int = 1000
    max_recipients: int = 5000
    on_ledger_failure: OnLedgerFailure = OnLedgerFailure.DEFER
    bare_newlines: BareNewlines = BareNewlines.REFUSE
    drain_seconds: int = 30


@dataclass(frozen=True, slots=True)
class LedgerFiles:
    """Where events are kept, and where they go while the ledger cannot be written.

    ``checkpoint_key_file`` (PEM) signs checkpoints. ``enterprise_number`` names the institution's
    own fields in syslog lines (RFC 5424 section 7.2.2); the default is the one for examples.
    """

    path: Path = Path("/var/lib/monition/ledger.db")
    emergency_journal: Path = Path("/var/lib/monition/ledger.journal")
    checkpoint_key_file: Path | None = None
    enterprise_number: int = 32473

    @property
    def record(self) -> Path:
        """The folder beside the ledger that remembers that there is one, and what was in force."""
        return record_of(self.path)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days personal data is kept, by what the office decided of a finding.

    Counted from the finding, or from the last decision where that is later. ``access_log_days``
    is for the reasons that people gave when they looked, ``notices_days`` for notices that were
    sent or given up. 3653 days are ten years with three leap days among them.
    """

    open_days: int = 3653
    false_positive_days: int = 90
    personal_days: int = 90
    licensed_days: int = 3653
    exempt_days: int = 3653
    escalated_days: int = 3653
    remediated_days: int = 3653
    access_log_days: int = 1095
    notices_days: int = 30


@dataclass(frozen=True, slots=True)
class Lists:
    """Imported sanction lists, and which of them ``lists update`` fetches.

    ``mirrors`` are addresses to fetch a source from in place of its publisher's, by its name: a
    folder where it ends in ``/``, else the one file that the list is made of.
    With ``linkage`` domains that are written to are looked up in the DNS, by ``linkage_per_hour``
    questions at most over all workers, of ``resolvers`` (IP addresses; none: the system's).
    """

    directory: Path = Path("/var/lib/monition/lists")
    sources: tuple[str, ...] = ("policies",)
    linkage: bool = False
    linkage_per_hour: int = 1000
    resolvers: tuple[Endpoint, ...] = ()
    mirrors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policies:
    """The folder of rules, entities and notice texts, and whether notices go out."""

    directory: Path = field(default_factory=packaged.policies_directory)
    mode: Mode = Mode.WARN


@dataclass(frozen=True, slots=True)
class Notices:
    """How warnings leave. ``from_`` and ``reply_to`` are the office's address unless given."""

    from_: str
    reply_to: str
    submit: Endpoint = NEXT_HOP
    tls: Tls = Tls.NONE
    every_days: int = 7
    per_hour: int = 200
    languages: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where senders' answers arrive. ``address`` is ``notices.from`` unless given."""

    address: str
    listen: Endpoint = DESK


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where ``/metrics``, ``/livez`` and ``/readyz`` answer."""

    listen: Endpoint = METRICS


@dataclass(frozen=True, slots=True)
class Console:
    """Where the web console answers."""

    listen: Endpoint = CONSOLE


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. A section that is ``None`` was left out: nothing listens there.

    ``file`` is where it was read from, ``lines`` the line there of each key that it writes.
    """

    institution: Institution
    compliance: Compliance
    relay: Relay
    ledger: LedgerFiles
    lists: Lists
    policies: Policies
    notices: Notices
    retention: Retention = field(default_factory=Retention)
    desk: Desk | None = None
    metrics: Metrics | None = None
    console: Console | None = None
    file: Path = field(default=Path(), compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    def fault(self, key: str, message: str) -> Fault:
        """Word a fault about ``key``, on its line where the file writes it."""
        section = key.partition(".")[0]
        line = self.lines.get(key, self.lines.get(section))
        return Fault(str(self.file), line, key, message)
