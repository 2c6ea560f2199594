"""A gateway in front of a Maildir, both on loopback, and the demo's messages sent through it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import smtplib
import socket
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING

import uvloop

from gateway.config import load
from gateway.mailer.demo_next_hop import HOST, DemoNextHop
from gateway.serve.demo.demo_letters import LETTERS, NOTICES, PROFESSOR, TEXT, UNMATCHED
from gateway.serve.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.serve.demo.demo_letters import DemoLetter

SECONDS = 20
"""How long anything that should come may take."""

CONFIGURATION = """\
# Written by `monition demo`: a gateway in front of a Maildir, all on loopback.
[institution]
name = "Example University"
domains = ["example.edu"]

[compliance]
office = "Research Compliance"
officer = "Dr Grace Officer"
email = "research-compliance@example.edu"
phone = "+1 555 0100"
notice_url = "https://example.edu/mail-notices"

[relay]
listen = ["{host}:{listen}"]
next_hop = ["{host}:{hop}"]

[ledger]
path = "{folder}/ledger/ledger.db"
emergency_journal = "{folder}/ledger/ledger.journal"

[notices]
submit = "{host}:{hop}"
from = "mail-notice@example.edu"
"""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address, and the subjects of what was delivered to it."""

    address: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    ``config_file`` is the gateway's, ``delivered`` every mailbox by its address, and ``notice`` the
    longest of the professor's notices: the one that names three institutions.
    """

    config_file: Path
    delivered: tuple[Mailbox, ...]
    notice: EmailMessage


@dataclass(frozen=True, slots=True)
class Searched:
    """The words that must not be in the ledger's folder, each with whether it is, and its files."""

    words: tuple[tuple[str, bool], ...]
    files: int


def run_demo(
    folder: Path,
    listening: Callable[[str], object],
    answered: Callable[[DemoLetter, str], object],
) -> Outcome:
    """Start a gateway and its next hop in a folder, send all messages, and stop both.

    ``listening`` is told the gateway's address, ``127.0.0.1:PORT``, once it takes mail;
    ``answered``, in another thread, each message with the reply to it, ``250 2.0.0 Ok: stored``.
    Raises ``TimeoutError`` where the notices do not come within :data:`SECONDS`, and what keeps
    the gateway from starting.
    """
    return uvloop.run(_Run(folder).run(listening, answered))


def search_ledger(folder: Path) -> Searched:
    """Look in all files of the ledger of a run for what it must not hold.

    That is the recipients of unmatched messages, and of every message its subject and its text.
    """
    files = [path for path in (folder / "ledger").rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    words = [word for letter in UNMATCHED for word in (*letter.addresses, letter.subject)]
    words += [letter.subject for letter in LETTERS] + [TEXT]
    return Searched(
        tuple((word, word.encode() in kept) for word in dict.fromkeys(words)), len(files)
    )


class _Run:
    """One run in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hop = DemoNextHop(folder / "mailboxes")
        self._config_file = folder / "monition.toml"

    async def run(
        self, listening: Callable[[str], object], answered: Callable[[DemoLetter, str], object]
    ) -> Outcome:
        for name in ("ledger", "mailboxes"):
            (self._folder / name).mkdir(mode=0o750)
        hop_port, listen_port = await self._hop.start(), _free_port()
        self._config_file.write_text(
            CONFIGURATION.format(host=HOST, listen=listen_port, hop=hop_port, folder=self._folder)
        )
        worker = Worker(load(self._config_file, {}))
        ready = asyncio.Event()
        serving = asyncio.create_task(worker.run(ready=ready.set))
        await _until(ready, serving)
        listening(f"{HOST}:{listen_port}")
        await asyncio.to_thread(_send_all, listen_port, answered)
        async with asyncio.timeout(SECONDS):
            await self._hop.wait_for(PROFESSOR, messages=NOTICES)
        worker.stop()
        await serving
        self._hop.close()
        return Outcome(self._config_file, tuple(self._delivered()), self._notice())

    def _delivered(self) -> list[Mailbox]:
        return [
            Mailbox(address, tuple(str(each["Subject"]) for each in self._stored(address)))
            for address in self._hop.addresses()
        ]

    def _notice(self) -> EmailMessage:
        return max(self._stored(PROFESSOR), key=lambda each: len(each.as_bytes()))

    def _stored(self, address: str) -> list[EmailMessage]:
        box = self._hop.maildir_of(address)
        return [_read(box.get_bytes(key)) for key in sorted(box.keys())]


def _send_all(port: int, answered: Callable[[DemoLetter, str], object]) -> None:
    for letter in LETTERS:
        with smtplib.SMTP(HOST, port, timeout=SECONDS) as smtp:
            smtp.ehlo("mail.example.edu")
            smtp.mail(letter.sender)
            for address in letter.addresses:
                smtp.rcpt(address)
            code, reply = smtp.data(letter.message().as_bytes(policy=email.policy.SMTP))
        answered(letter, f"{code} {reply.decode()}")


async def _until(ready: asyncio.Event, serving: asyncio.Task[None]) -> None:
    """Wait until the gateway is ready; raise what kept it from it."""
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiting.cancel()
        serving.result()


def _read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
