"""A next hop that ends here: an SMTP server on loopback that fills Maildirs. For the demo."""

from __future__ import annotations

import asyncio
import mailbox
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, Session

HOST = "127.0.0.1"


class DemoNextHop:
    """Takes every message and lays a copy into a Maildir for each recipient."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._arrival = asyncio.Event()

    async def start(self) -> int:
        """Listen on a free loopback port, and give it. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="next-hop.demo", enable_SMTPUTF8=True, loop=loop), HOST, 0
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Take no more."""
        if self._server is not None:
            self._server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store a message as it came; the reply (aiosmtpd calls this by its name)."""
        del server, session
        for recipient in envelope.rcpt_tos:
            self.maildir_of(recipient).add(envelope.original_content or b"")
        self._arrival.set()
        return "250 2.0.0 Ok: stored"

    def maildir_of(self, address: str) -> mailbox.Maildir:
        """The mailbox of one address."""
        return mailbox.Maildir(self._folder / address.replace("/", "_"), create=True)

    async def wait_for(self, address: str, messages: int) -> None:
        """Return when that many messages lie in a mailbox."""
        while len(self.maildir_of(address)) < messages:
            self._arrival.clear()
            await self._arrival.wait()

    def addresses(self) -> list[str]:
        """All addresses that got something, in the order of the alphabet."""
        return sorted(path.name for path in self._folder.iterdir())
