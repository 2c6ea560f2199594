"""One mail transaction as the next hop accepted it, RFC 5321 section 3.3."""

from __future__ import annotations

from gateway.model import Client, Envelope, Recipient
from gateway.wire import command
from gateway.wire.reply import parse


class Transaction:
    """The sender and recipients of which the next hop said 2xx, as raw command lines.

    Nothing is parsed until someone asks: most messages concern nobody.
    """

    __slots__ = ("_forwarded", "_mail", "_recipients")

    def __init__(self) -> None:
        self._mail = b""
        self._recipients: list[tuple[bytes, bytes]] = []
        self._forwarded = _NOBODY

    @property
    def is_open(self) -> bool:
        """Whether a sender was accepted."""
        return bool(self._mail)

    def open(self, mail: bytes) -> None:
        """MAIL was accepted."""
        self._mail = mail
        self._recipients = []

    def add(self, rcpt: bytes, reply: bytes) -> None:
        """RCPT was accepted with this reply."""
        self._recipients.append((rcpt, reply))

    def forward(self, xforward: bytes) -> None:
        """XFORWARD was accepted: it tells of this transaction's client, and of no other's."""
        self._forwarded = command.xforward(xforward, self._forwarded)

    def close(self) -> None:
        """The transaction is over: its end, RSET, or a new greeting."""
        if self._mail or self._forwarded is not _NOBODY:
            self._mail = b""
            self._recipients = []
            self._forwarded = _NOBODY

    @property
    def paths(self) -> list[bytes]:
        """The recipients' paths, without their brackets."""
        return [command.path(line) for line, _ in self._recipients]

    def envelope(self, id_: str, *, peer: str | None, helo: str | None) -> Envelope:
        """The envelope; what XFORWARD told of the client goes before ``peer`` and ``helo``."""
        told = self._forwarded
        return Envelope(
            id=id_,
            sender=command.path(self._mail),
            recipients=tuple(
                Recipient(command.path(line), line, parse(reply))
                for line, reply in self._recipients
            ),
            client=Client(told.address or peer, told.helo or helo, told.ident),
        )


_NOBODY = Client()
