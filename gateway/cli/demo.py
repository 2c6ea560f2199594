"""``monition demo``: the whole road once, with real messages over SMTP on loopback."""

from __future__ import annotations

import asyncio
import email
import email.policy
import shutil
import smtplib
import socket
import tempfile
import textwrap
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import click
import uvloop

from gateway import log
from gateway.cli import audit
from gateway.cli.shared.options import example
from gateway.config import load
from gateway.mailer.demo_next_hop import HOST, MaildirHop
from gateway.serve.worker import Worker

PROFESSOR = "ada.professor@example.edu"
SECONDS = 20
"""How long anything that should come may take."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the demo, and why it is in it."""

    title: str
    sender: str
    to: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...] = ()

    def message(self) -> EmailMessage:
        """The message itself."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        message["Subject"] = self.subject
        message["Message-ID"] = f"<demo-{abs(hash(self.subject)):x}@example.edu>"
        for name, value in self.headers:
            message[name] = value
        message.set_content("Dear colleague,\n\nthis is a message of the demo.\n")
        return message

    @property
    def addresses(self) -> tuple[str, ...]:
        """The bare addresses."""
        return tuple(email.utils.parseaddr(each)[1] for each in self.to)


LETTERS = (
    Letter("to a colleague", PROFESSOR, ("bob.colleague@example.edu",), "Seminar on Thursday"),
    Letter(
        "to a person at a listed institution",
        PROFESSOR,
        ("elena.sokolova@skoltech.ru",),
        "Our draft, second version",
    ),
    Letter(
        "to a friend's private mailbox, with the institution in the display name",
        PROFESSOR,
        ('"Ivan Petrov (Skoltech)" <ivan.petrov@gmail.com>',),
        "Happy birthday",
    ),
    Letter(
        "to three listed institutions at once",
        PROFESSOR,
        ("a.orlov@mipt.ru", "n.belova@bmstu.ru", "li.wei@buaa.edu.cn"),
        "Workshop programme",
    ),
    Letter(
        "an automatic reply",
        "lab@example.edu",
        ("a.orlov@mipt.ru",),
        "Out of office: re your question",
        (("Auto-Submitted", "auto-replied"),),
    ),
)

UNMATCHED = (LETTERS[0], LETTERS[2])

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


@click.command(epilog=example("monition demo", "monition demo --keep"))
@click.option("--keep", is_flag=True, help="Keep the folder with its ledger and mailboxes.")
def command(keep: bool) -> None:
    """Show it all at work: messages, matches, a warning, the ledger.

    Starts a gateway and a next hop on loopback, sends five messages through, shows what came of
    each, and ends by itself. Nothing leaves this machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="monition-demo-"))
    try:
        with (folder / "gateway.log").open("w", encoding="utf-8") as log_file:
            log.set_up(log_file)
            uvloop.run(_Demo(folder).run())
        _say_what_next(folder, keep=keep)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


class _Demo:
    """One run in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hop = MaildirHop(folder / "mailboxes")
        self._config_file = folder / "monition.toml"

    async def run(self) -> None:
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
        click.echo(f"A gateway listens on {HOST}:{listen_port}; its next hop fills Maildirs.\n")
        _title("1. Five messages over SMTP")
        await asyncio.to_thread(self._send_all, listen_port)
        async with asyncio.timeout(SECONDS):
            await self._hop.wait_for(PROFESSOR, messages=2)
        worker.stop()
        await serving
        self._hop.close()
        self._show_deliveries()
        self._show_notice()
        self._show_ledger()
        self._show_absence()

    def _send_all(self, port: int) -> None:
        for number, letter in enumerate(LETTERS, 1):
            with smtplib.SMTP(HOST, port, timeout=SECONDS) as smtp:
                smtp.ehlo("mail.example.edu")
                smtp.mail(letter.sender)
                for address in letter.addresses:
                    smtp.rcpt(address)
                code, reply = smtp.data(letter.message().as_bytes(policy=email.policy.SMTP))
            answer = f"{code} {reply.decode()}"
            click.echo(f"   {number}. {letter.title}\n      {', '.join(letter.to)}  ->  {answer}")
        click.echo()

    def _show_deliveries(self) -> None:
        _title("2. What was delivered: everything")
        for address in self._hop.addresses():
            subjects = [_read(each)["Subject"] for each in _stored(self._hop, address)]
            click.echo(f"   {address:32} {'; '.join(map(str, subjects))}")
        click.echo()

    def _show_notice(self) -> None:
        _title("3. One of the two notices, as the professor reads it")
        notices = [_read(each) for each in _stored(self._hop, PROFESSOR)]
        # The one that names three institutions.
        notice = max(notices, key=lambda each: len(each.as_bytes()))
        for name in ("From", "To", "Reply-To", "Subject", "Auto-Submitted"):
            click.echo(f"   {name}: {notice[name]}")
        body = notice.get_body(("plain",))
        assert body is not None
        click.echo("\n" + textwrap.indent(body.get_content(), "   "))

    def _show_ledger(self) -> None:
        _title("4. What the ledger says")
        for verb in ("list", "verify"):
            arguments = [verb, "-c", str(self._config_file)]
            click.echo(f"   $ monition audit {' '.join(arguments)}")
            audit.command.main(arguments, prog_name="monition audit", standalone_mode=False)
            click.echo()

    def _show_absence(self) -> None:
        _title("5. What it did not record")
        files = [path for path in (self._folder / "ledger").rglob("*") if path.is_file()]
        kept = b"".join(path.read_bytes() for path in files)
        words = [word for letter in UNMATCHED for word in (*letter.addresses, letter.subject)]
        words += [letter.subject for letter in LETTERS] + ["this is a message of the demo"]
        for word in dict.fromkeys(words):
            found = "FOUND" if word.encode() in kept else "not there"
            click.echo(f"   {word!r:40} {found}")
            if found == "FOUND":
                raise click.ClickException(f"{word!r} stands in the ledger's folder")
        click.echo(f"   (looked for in all {len(files)} files of the ledger's folder)\n")


def _say_what_next(folder: Path, *, keep: bool) -> None:
    _title("What to type next")
    lines = ["monition check someone@stud.mipt.ru friend@gmail.com"]
    lines += ["monition notice preview someone@mipt.ru"]
    if keep:
        config = folder / "monition.toml"
        lines += [f"monition audit show EVENT -c {config}", f"monition config show -c {config}"]
    else:
        lines += ["monition demo --keep           the same, and the folder stays to be looked at"]
    for line in lines:
        click.echo(f"   {line}")
    click.echo("   docs/postfix.md                how to put it behind Postfix")


async def _until(ready: asyncio.Event, serving: asyncio.Task[None]) -> None:
    """Wait until the gateway is ready; raise what kept it from it."""
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiting.cancel()
        serving.result()


def _stored(hop: MaildirHop, address: str) -> list[bytes]:
    box = hop.box(address)
    return [box.get_bytes(key) for key in sorted(box.keys())]


def _read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _title(text: str) -> None:
    click.secho(text, bold=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
