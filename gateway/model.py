"""The nouns that the packages hand each other: frozen values, of the standard library alone.

Work on them is done by functions in the packages. What could not be known is a value here
(``None``, ``Outcome.UNKNOWN``), never an exception.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


class Standing(StrEnum):
    """What the lists say of a recipient's domain or address.

    ``REVIEW``: it only resembles what is listed, or is tied to it, and people should look.
    """

    LISTED = "listed"
    REVIEW = "review"
    CLEAR = "clear"


class Kind(StrEnum):
    """Whose mailbox an address is.

    ``PERSONAL`` at a provider of private mail, ``ROLE`` an office's, ``ALUMNI`` a former member's,
    ``INDIVIDUAL`` any other; ``UNKNOWN`` where there is no local part to tell by.
    """

    PERSONAL = "personal"
    INDIVIDUAL = "individual"
    ROLE = "role"
    ALUMNI = "alumni"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """What a listing asks of a sender, strictest first."""

    BLOCKING = "blocking"
    EXPORT_CONTROL = "export-control"
    RESEARCH_SECURITY = "research-security"
    ADVISORY = "advisory"

    @property
    def strictness(self) -> int:
        """0 for the strictest; sorts listings of one entity."""
        return tuple(Tier).index(self)


class Rule(StrEnum):
    """How an address came to its standing.

    ``EMBEDDED``: a listed domain stands somewhere within it; ``UNREADABLE``: where it leads cannot
    be told.
    """

    EXACT_ADDRESS = "exact-address"
    EXACT_DOMAIN = "exact-domain"
    SUBDOMAIN = "subdomain"
    LOOKALIKE = "lookalike"
    LINKED = "linked"
    EMBEDDED = "embedded"
    UNREADABLE = "unreadable"


class Action(StrEnum):
    """What the policy does about a finding, mildest first. ``PASS`` leaves no trace."""

    PASS = "pass"  # noqa: S105 - a word of the policy
    OBSERVE = "observe"
    WARN = "warn"
    REFUSE = "refuse"


class Outcome(StrEnum):
    """What became of a matched message for one recipient, by the next hop's own word.

    ``DELIVERED`` 2xx; ``REFUSED`` 5xx, or refused by us; ``FAILED`` 4xx, or the final dot was never
    sent; ``UNKNOWN`` it was sent, and no reply came; ``PENDING`` it has not ended yet.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Disposition(StrEnum):
    """What the office decided about a finding; ``OPEN`` until it did, or where it reopened it."""

    OPEN = "open"
    FALSE_POSITIVE = "false-positive"
    PERSONAL = "personal"
    LICENSED = "licensed"
    EXEMPT = "exempt"
    ESCALATED = "escalated"
    REMEDIATED = "remediated"


class Suppression(StrEnum):
    """Why a sender gets no notice although something was found: RFC 3834, or the policy."""

    NULL_SENDER = "null-sender"
    AUTO_SUBMITTED = "auto-submitted"
    LIST_MAIL = "list-mail"
    BULK = "bulk"
    NOT_OURS = "not-ours"
    RHYTHM = "rhythm"
    CAP = "cap"
    OBSERVE_MODE = "observe-mode"
    UNREADABLE = "unreadable"


# RFC 5322 section 3.2.3, "specials", and blanks; the dot apart, which may stand anywhere.
_NEEDS_QUOTES = frozenset('()<>[]:;@\\,"\t ')


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as a command named it.

    ``raw`` is the path between the angle brackets, untouched. ``local`` is its local part as
    text, quotes removed, case kept. ``domain`` is in the one normal form of
    :mod:`gateway.addresses.domain_name`: A-labels, lower case, no trailing dot. As text it is
    written so that it reads as the same mailbox again (RFC 5322 section 3.4.1).
    """

    raw: bytes
    local: str
    domain: str

    def __str__(self) -> str:
        if not self.domain:
            return self.local
        local = self.local
        if not _NEEDS_QUOTES.isdisjoint(local):
            local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{local}@{self.domain}"


_KEPT_LIMIT = 2000
# In angle brackets servers name mailboxes, with a domain or without; quotes may hold blanks.
_BRACKETED = re.compile(r"<[^<>]*>|\"[^\"]*\"(?=[@\uff20])")
_AT = re.compile(r"[@\uff20]|[%=+]40|&#64;|[\w-][!%][\w-]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply, RFC 5321 section 4.2. ``lines`` are whole, CRLF included.

    ``enhanced`` is its code of RFC 3463 (``5.1.1``), where it has one.
    """

    code: int
    enhanced: str | None
    lines: tuple[bytes, ...]

    @property
    def raw(self) -> bytes:
        """The reply as it came over the wire."""
        return b"".join(self.lines)

    @property
    def is_positive(self) -> bool:
        """Whether the peer did what it was asked: any 2xx."""
        return 200 <= self.code < 300

    @property
    def text(self) -> str:
        """The words of all its lines on one, without the code, for people and the ledger."""
        return " ".join(line[4:].decode("utf-8", "replace").strip() for line in self.lines)

    @property
    def kept(self) -> str:
        """Code and words as they are kept for long: bounded, and without anybody's address.

        A server may name people there whom nobody looked for.
        """
        text = self.text
        if len(text) > _KEPT_LIMIT:
            # No half of a word: it may be half of an address, without its sign.
            text = text[:_KEPT_LIMIT].rpartition(" ")[0]
        text = _BRACKETED.sub("<address>", text)
        words = ("<address>" if _AT.search(word) else word for word in text.split(" "))
        return f"{self.code} {' '.join(words)}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A recipient the next hop accepted: its path without brackets, the whole RCPT, the reply."""

    path: bytes
    command: bytes
    reply: Reply


@dataclass(frozen=True, slots=True)
class Client:
    """Who handed the message in: XFORWARD's word where a trusted peer gave it, else the peer's.

    ``address`` is an IP address, or what XFORWARD ADDR said; ``ident`` the queue id at the client's
    side (XFORWARD IDENT). ``None``: not told.
    """

    address: str | None = None
    helo: str | None = None
    ident: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One transaction, complete when DATA was answered 354.

    ``id`` is the message's: a ULID, which its events share. ``sender`` is the path of MAIL FROM
    without its brackets, ``b""`` for the null sender.
    """

    id: str
    sender: bytes
    recipients: tuple[Recipient, ...]
    client: Client


@dataclass(frozen=True, slots=True)
class Peek:
    """The few header fields that decide whether a notice may be written. Never the subject.

    ``readable`` is false where the header block could not be read to its end, or has line ends
    that are none; everything else is then what could be read of it. ``message_id`` is kept as it
    stands there, on one line: it need not be an id.
    """

    message_id: str | None = None
    references: tuple[str, ...] = ()
    auto_submitted: str | None = None
    precedence: str | None = None
    list_headers: tuple[str, ...] = ()
    x_auto_response_suppress: str | None = None
    content_language: str | None = None
    from_: str | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """One designation of an entity on one list. An unknown date is ``None``, never a guess.

    ``list`` is the list's name in the catalogue, ``uid`` the publisher's own number for the entry,
    ``source`` where it is written, in words.
    """

    list: str
    programme: str | None
    uid: str | None
    listed_on: date | None = None
    effective_from: date | None = None
    wind_down_until: date | None = None
    delisted_on: date | None = None
    source: str | None = None

    def is_in_force(self, on: date) -> bool:
        """Whether the designation binds on that day (a wind-down binds)."""
        starts = self.effective_from or self.listed_on
        if starts is not None and on < starts:
            return False
        return self.delisted_on is None or on < self.delisted_on

    def is_winding_down(self, on: date) -> bool:
        """Whether that day lies inside the wind-down; its last day is included."""
        return (
            self.is_in_force(on) and self.wind_down_until is not None and on <= self.wind_down_until
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """One domain or exact address of an entity, with the evidence it rests on.

    ``value`` is a normalised domain, or a normalised ``local@domain``. ``reviewer`` is the person
    who accepted it, and when; both ``None`` where a list itself gives it for its own entry.
    ``clears`` marks an entry that takes a part of a listed domain out again.
    """

    value: str
    source: str
    reviewer: str | None = None
    reviewed_on: date | None = None
    clears: bool = False

    @property
    def evidence(self) -> str:
        """The claim as one line of a verdict."""
        if self.reviewed_on is None:
            return f"{self.value}: {self.source}"
        return f"{self.value}: {self.source}, reviewed {self.reviewed_on.isoformat()}"


@dataclass(frozen=True, slots=True)
class Entity:
    """An institution, with what the lists say of it and the addresses it is reached at.

    ``weak_aliases`` are names too common to find it by alone. ``same_as`` are identifiers by which
    other lists know it (``un:qde.004``), on a person's word. ``linked`` are domains whose mail
    goes to hosts of its own, as the DNS said: for review, and exactly these. ``rank`` orders
    institutions that hold one domain: 0 for what people wrote, then the lists in their order.
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    country: str | None = None
    listings: tuple[Listing, ...] = ()
    domains: tuple[Claim, ...] = ()
    addresses: tuple[Claim, ...] = ()
    weak_aliases: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()
    linked: tuple[Claim, ...] = ()
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one recipient.

    ``listing`` is the strictest in force (for ``REVIEW``, of the entity it resembles); ``tier``
    comes from it through the policy's table, so screening leaves it ``None``. ``matched`` is the
    listed domain or address that matched, ``snapshot`` the digest of the lists it was judged by.
    """

    recipient: Address
    standing: Standing
    kind: Kind
    snapshot: str
    entity: Entity | None = None
    listing: Listing | None = None
    tier: Tier | None = None
    matched: str | None = None
    rule: Rule | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy, by its digest, does about some findings of one message, by which rule."""

    action: Action
    rule: str
    findings: tuple[Finding, ...]
    policy: str


@dataclass(frozen=True, slots=True)
class Event:
    """One sealed row of the ledger, every field as stored.

    ``seq`` counts from 1; ``id`` is a ULID, ``at`` RFC 3339 in UTC; ``facts`` and ``commitments``
    are canonical JSON; ``previous`` and ``hash`` are 32 bytes each.
    """

    seq: int
    id: str
    at: str
    kind: str
    facts: str
    commitments: str
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class MatchedInstitution:
    """One matched institution as a notice names it: all a text needs, fixed at event time.

    ``event`` is the id of its OBSERVED, ``entity`` the institution's id, ``listed_on`` an ISO date.
    ``standing`` is ``REVIEW`` where the address only resembles the institution's.
    """

    event: str
    recipient: str
    entity: str
    entity_name: str
    list: str
    programme: str | None
    listed_on: str | None
    tier: Tier
    action: Action
    standing: Standing = Standing.LISTED


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """What a sender would be told about one message, before it is known whether they may be.

    ``message`` is the id that its events share, ``to`` the sender's address, ``mailbox`` the one
    it counts under (``""``: it has to be read from ``to``), ``language`` one that there are texts
    in; ``in_reply_to`` and ``references`` are Message-IDs with their brackets.
    ``matters`` are the findings with action ``warn`` or ``refuse`` only. ``windows`` are the keys
    of the rhythm: one for each entity and state of its listing, so that a new tier or listing
    opens the window again.
    """

    message: str
    to: str
    matters: tuple[MatchedInstitution, ...]
    windows: tuple[str, ...]
    refused: bool
    language: str
    in_reply_to: str | None
    references: tuple[str, ...]
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox: a notice to be sent, claimed by a lease while someone sends it.

    ``id`` is the event the notice derives from; its Message-ID derives from it. Times are
    aware and UTC. ``next_at`` is when a next notice about these entities could go; ``attempts``
    are those before this one.
    """

    id: str
    request: NoticeRequest
    created_at: datetime
    next_at: datetime
    attempts: int = 0
    not_before: datetime | None = None
    lease_until: datetime | None = None
    last_error: str | None = field(default=None)
