"""``monition notice``: what a sender would read, and the notices on their way."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from gateway.addresses.mailbox import Unreadable, from_text
from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.person import read_as
from gateway.cli.shared.tables import emit, say
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.store import retry_notice
from gateway.model import Address, Notice, Peek, Suppression
from gateway.notices import message_headers, notice_texts, render, rhythm
from gateway.notices.etiquette import suppress
from gateway.policy import rules as policy
from gateway.policy.decide import decide, may_write
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from gateway.config import Config
    from gateway.ledger.query.logged_reading import Access
    from gateway.model import Decision, Finding, NoticeRequest

QUEUE_COLUMNS = (
    *("id", "state", "recipient", "entities", "created_at", "attempts", "not_before"),
    *("lease_until", "sent_at", "next_at", "last_error"),
)

# Stands where a sent notice has the id of its event.
REFERENCE = "00000000000000000000000000"


@click.group()
def command() -> None:
    """Preview a notice; look after the outbox."""


@command.command(
    epilog=example(
        "monition notice preview a@stud.mipt.ru",
        "monition notice preview --from jane@example.edu --html a@hit.edu.cn > notice.html",
    )
)
@click.argument("address", metavar="ADDRESS")
@config_option
@click.option("--from", "sender", metavar="SENDER", help="Who wrote.  [default: one of ours]")
@click.option("--language", metavar="LANGUAGE", help="As in en.  [default: notices.languages]")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day to decide for, as in 2026-11-22.  [default: today, UTC]",
)
@click.option("--html", "form", flag_value="html", help="The HTML form, to be seen in a browser.")
@click.option("--raw", "form", flag_value="raw", help="The bytes as they would be handed in.")
def preview(
    *,
    address: str,
    config_file: Path | None,
    sender: str | None,
    language: str | None,
    on: datetime | None,
    form: str | None,
) -> None:
    """Show the notice that a message to ADDRESS would bring its sender.

    Nothing is sent or stored. Where no notice would go, that is said, and why.
    """
    config = load_config(config_file)
    read = notice_texts.load(config.policies.directory)
    writer = _sender(sender, config)
    if language is not None and language not in read.languages:
        known = ", ".join(sorted(read.languages))
        raise click.BadParameter(f"has no texts; there are {known}.", param_hint="--language")
    now = datetime.now(UTC)
    if on is not None:
        now = on.replace(hour=now.hour, minute=now.minute, tzinfo=UTC)
    case = _case(address, writer, config, now)
    if case.why_none is not None or case.request is None:
        say(f"No notice would be sent: {case.why_none}")
        return
    if not may_write(config.policies.mode):
        say("Not now: policies.mode is observe, so nobody is written to. With warn it would be:\n")
    request = case.request
    notice = Notice(
        id=REFERENCE,
        request=request if language is None else replace(request, language=language),
        created_at=now,
        next_at=now + timedelta(days=config.notices.every_days),
    )
    if form == "raw":
        sys.stdout.buffer.write(render.letter(notice, config, read).content)
        sys.stdout.buffer.flush()
        return
    message = render.render(notice, config, read)
    click.echo(_part(message, "html") if form == "html" else _as_text(message), nl=False)


@command.command(epilog=example("monition notice queue", "monition notice queue --all"))
@config_option
@click.option("--all", "everything", is_flag=True, help="Those that were sent, too.")
@format_option()
@read_as("notice queue")
def queue(
    config_file: Path | None,
    everything: bool,
    output_format: str,
    who: Access | None,
) -> None:
    """List the outbox: the notices that wait or were given up, oldest first.

    Recipients here are senders of matched mail: these are personal data.
    """
    config = load_config(config_file)
    with Reading(config.ledger.path, who) as reading:
        rows = reading.notices(everything=everything)
    if not rows and output_format == "table":
        say("The outbox is empty." if everything else "No notice waits, and none was given up.")
    emit(rows, columns=QUEUE_COLUMNS, format=output_format)


@command.command(
    epilog=example("monition notice retry", "monition notice retry 01KANGHZ4TZ6X0V5W3Q9G4T2AB")
)
@click.argument("notice", metavar="[ID]", required=False)
@config_option
def retry(notice: str | None, config_file: Path | None) -> None:
    """Try again now: the notice with that ID, or all that wait after a failure or were given up.

    A running gateway takes them up within a second.
    """
    config = load_config(config_file)
    wanted = notice.strip().upper() if notice else None
    ids = retry_notice.retry(config.ledger.path, wanted, at=datetime.now(UTC), entropy=os.urandom)
    for id_ in ids:
        click.echo(id_)
    if not ids:
        say("No notice waits after a failure, and none was given up.")
    elif len(ids) == 1:
        say("The notice goes again.")
    else:
        say(f"{len(ids)} notices go again.")


@dataclass(frozen=True, slots=True)
class _Case:
    """What the gateway would tell the sender, or why it would not."""

    request: NoticeRequest | None
    why_none: str | None = None


def _case(text: str, sender: Address, config: Config, now: datetime) -> _Case:
    address = from_text(text)
    if isinstance(address, Unreadable):
        raise click.BadParameter(f"cannot be read: {address.reason}.", param_hint="ADDRESS")
    if not address.local or not address.domain:
        raise click.BadParameter("must be whole, as in a@example.org.", param_hint="ADDRESS")
    snapshot = load_snapshot(config)
    rules = policy.load(config.policies.directory)
    finding = classify(address, snapshot, now.date())
    decisions = decide(str(sender), [finding], rules, now.date())
    request = rhythm.request(
        message=REFERENCE,
        sender=sender,
        decisions=decisions,
        events={address: REFERENCE},
        peek=Peek(),
        languages=config.notices.languages,
        on=now.date(),
    )
    if request is None:
        return _Case(None, _why_quiet(finding, decisions))
    reason = suppress(sender, Peek(), config.institution.domains)
    if reason is not None:
        return _Case(None, f"{rhythm.addr_spec(sender)} {_NOT_WRITTEN_TO[reason]}.")
    return _Case(request)


_NOT_WRITTEN_TO = {
    Suppression.NOT_OURS: "is not one of ours (institution.domains)",
    Suppression.NULL_SENDER: "is the sender of bounces",
    Suppression.LIST_MAIL: "belongs to a mailing list",
}


def _why_quiet(finding: Finding, decisions: tuple[Decision, ...]) -> str:
    shown = message_headers.clean(rhythm.addr_spec(finding.recipient))
    if not decisions:
        return f"{shown} is {finding.standing} and passes; it would leave no trace."
    return (
        f"{shown} is {finding.standing}, but only written down, by the rule {decisions[0].rule!r}."
    )


def _sender(text: str | None, config: Config) -> Address:
    """The sender asked for, else somebody of the institution's first domain."""
    if text is None:
        domain = config.institution.domains[0]
        return Address(f"sender@{domain}".encode(), "sender", domain)
    sender = from_text(text)
    if isinstance(sender, Unreadable):
        raise click.BadParameter(f"cannot be read: {sender.reason}.", param_hint="--from")
    return sender


def _as_text(message: EmailMessage) -> str:
    """The header fields as they go out, and the text as a person reads it."""
    content = message_headers.serialise(message).decode("utf-8")
    head = content.partition("\r\n\r\n")[0].replace("\r\n", "\n")
    return f"{head}\n\n{_part(message, 'plain')}"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
