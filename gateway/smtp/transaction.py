"""One mail transaction as the next hop accepted it, RFC 5321 section 3.3."""

from __future__ import annotations

from gateway.addresses.mailbox_path import path, without_brackets
from gateway.model import Client, Envelope, Recipient
from gateway.smtp import commands
from gateway.smtp.dialogue_states import (
    FOR_EHLO,
    FOR_HELO,
    FOR_MAIL,
    FOR_RCPT,
    FOR_RSET,
    FOR_XFORWARD,
    ReplyFor,
)
from gateway.smtp.replies import parse


class Transaction:
    """The sender and recipients of which the next hop said 2xx, as raw command lines.

    Nothing is parsed until someone asks: most messages concern nobody.
    """

    __slots__ = ("_forwarded", "_helo", "_mail", "_recipients", "number", "refused_count")

    def __init__(self) -> None:
        self.number = 0
        """Counts the transactions of a session: a new one begins where one is over."""
        self._helo = b""  # the client's last HELO or EHLO line; it outlives the transaction
        self._mail = b""
        self._recipients: list[tuple[bytes, bytes]] = []
        self._forwarded = _NOBODY
        self.refused_count = 0
        """How many recipients we refused by policy."""

    @property
    def is_open(self) -> bool:
        """Whether a sender was accepted."""
        return bool(self._mail)

    @property
    def recipient_count(self) -> int:
        """How many recipients were accepted."""
        return len(self._recipients)

    @property
    def named_count(self) -> int:
        """The same, with those that we refused by policy."""
        return len(self._recipients) + self.refused_count

    @property
    def is_ready(self) -> bool:
        """Whether a sender was accepted, and a recipient."""
        return bool(self._mail and self._recipients)

    def note_accepted(self, kind: ReplyFor, line: bytes, reply: bytes) -> None:
        """Note that a command was answered 2xx."""
        if kind is FOR_RCPT:
            self._recipients.append((line, reply))
        elif kind is FOR_MAIL:
            # A lenient server takes a second sender without RSET: that is another transaction. It
            # may still have the recipients of the first, as go-smtp does: they are looked at.
            self.number += self.is_open
            self._mail = line
        elif kind is FOR_XFORWARD:
            # It tells of this transaction's client, and of no other's.
            self._forwarded = commands.read_xforward(line, self._forwarded)
        elif kind is FOR_RSET:
            self.close()
        elif kind in (FOR_EHLO, FOR_HELO):
            self.close()
            self._helo = line

    def close(self) -> None:
        """The transaction is over: its end, RSET, or a new greeting."""
        self.number += 1
        self._mail = b""
        self._recipients = []
        self._forwarded = _NOBODY
        self.refused_count = 0

    @property
    def sender(self) -> bytes:
        """The path of the accepted MAIL, without its brackets."""
        return without_brackets(path(self._mail))

    @property
    def recipient_lines(self) -> list[bytes]:
        """The RCPT lines of the accepted recipients, as they came."""
        return [line for line, _ in self._recipients]

    def envelope(self, id_: str, peer: str | None) -> Envelope:
        """The envelope; what XFORWARD told of the client goes before ``peer`` and HELO."""
        told = self._forwarded
        helo = b" ".join(self._helo.split()[1:2]).decode("utf-8", "replace")
        return Envelope(
            id=id_,
            sender=self.sender,
            recipients=tuple(
                Recipient(without_brackets(path(line)), line, parse(reply))
                for line, reply in self._recipients
            ),
            client=Client(told.address or peer, told.helo or helo or None, told.ident),
        )


_NOBODY = Client()
