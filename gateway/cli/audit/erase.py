"""``monition audit erase``: a person's data out of the ledger, or parts of single findings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import say
from gateway.compliance.actor import access, hand
from gateway.ledger.erasure import (
    erase_notices,
    erase_parts,
    erasure_request,
    leftover_scan,
    personal_data_of,
)
from gateway.ledger.erasure.erase_parts import Tally
from gateway.ledger.erasure.mentions import mailbox
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.record.record import Part
from gateway.ledger.store.emergency_journal import Journal
from gateway.notices import rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gateway.config import Config
    from gateway.ledger.erasure.mentions import Mailbox

_ROLES = {
    "sender": frozenset({Part.SENDER}),
    "recipient": frozenset({Part.RECIPIENT}),
    "both": erase_notices.ROLES,
}


@click.command(
    epilog=example(
        "monition audit erase --person jane@example.edu --dry-run",
        "monition audit erase --person jane@example.edu --reason 'Request 2026-44' --yes",
        "monition audit erase 01KB8Q --part notes --yes",
    )
)
@click.argument("events", metavar="[EVENT]...", nargs=-1)
@click.option("--person", metavar="ADDRESS", help="Whose data: everything that names the address.")
@click.option(
    "--as",
    "role",
    type=click.Choice(list(_ROLES)),
    default="both",
    show_default=True,
    help="What --person was in the findings.",
)
@click.option(
    "--part",
    "parts",
    type=click.Choice([part.value for part in Part]),
    multiple=True,
    help="Of the EVENTs: this part; can be given more than once.",
)
@click.option("--drop-notices", is_flag=True, help="Give up notices on their way that name them.")
@click.option("--drop-torn", is_flag=True, help="Drop lines put aside that are not whole.")
@click.option("--reason", metavar="TEXT", help="Why, without the address, for the ledger.")
@by_option("Who erases.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Erase: it cannot be undone.")
@config_option
def erase(
    *,
    events: tuple[str, ...],
    person: str | None,
    role: str,
    parts: tuple[str, ...],
    drop_notices: bool,
    drop_torn: bool,
    reason: str | None,
    by: str | None,
    dry_run: bool,
    yes: bool,
    config_file: Path | None,
) -> None:
    """Erase personal data. The events stay, and the chain stays whole; what is under hold is kept.

    With --person everything goes in which the address stands, in any spelling: parts of findings,
    replies, notes, notices, the journal. No file of the ledger holds it afterwards; where one
    does all the same, that is said and the status is 1. What the person writes or is written to
    later is recorded anew.
    """
    if bool(events) == bool(person):
        raise click.UsageError("name EVENTs or a --person, one of the two.")
    if events and not parts:
        raise click.UsageError("say which --part of the EVENTs: sender, recipient or notes.")
    if person and parts:
        raise click.UsageError("--part belongs to EVENTs; with --person it is --as.")
    config = load_config(config_file)
    if person:
        sought = mailbox(person)
        if dry_run or not yes:
            _foresee(config, sought, role, reason, by, dry=dry_run)
            return
        request = erasure_request.Request(sought, _ROLES[role], reason, drop_notices, drop_torn)
        _erase_person(config, request, by)
    else:
        _erase_events(config, events, parts, reason, by, dry=dry_run, yes=yes)


def _foresee(
    config: Config, sought: Mailbox, role: str, reason: str | None, by: str | None, *, dry: bool
) -> None:
    """Say what an erasure would be about. How much there is of a person is something about them."""
    path = config.ledger.path
    found = personal_data_of.find(path, sought, _ROLES[role])
    letters = erase_notices.letters(path, sought, hand(by), _ROLES[role])
    others = personal_data_of.tagged(path, sought)
    lines = leftover_scan.waiting(config.ledger.emergency_journal, sought)
    with Reading(path, access("audit erase", reason)) as reading:
        name = reading.names.person(str(sought))
        reading.record(len(found.dues), {"person": name}, [str(sought), *others])
    say(
        f"{sought} is the sender of {found.findings.get(Part.SENDER, 0):,} and the recipient "
        f"of {found.findings.get(Part.RECIPIENT, 0):,} findings"
    )
    waiting = sum(letter.state == "queued" for letter in letters)
    say(f"notices that name it: {len(letters):,}, of them still to be sent: {waiting:,}")
    if lines.journal:
        say(
            f"{counted(lines.journal, 'line')} of the emergency journal that name it: would be "
            "taken into the ledger, and erased there"
        )
    if lines.aside:
        say(
            f"{counted(lines.aside, 'line')} that the journal put aside and that name it: "
            + ("would be taken out" if role == "both" else "would go with --as both")
        )
    _tell_of_torn(config, lines.torn)
    if others:
        say(f"mailboxes of their own to this command, to be asked for each: {', '.join(others)}")
    _would_go(found.dues, found.kept, dry=dry, is_all=not (letters or lines.journal or lines.aside))


def _erase_person(config: Config, request: erasure_request.Request, by: str | None) -> None:
    if sys.stderr.isatty():
        say("looking through the whole ledger: some seconds for each gigabyte of it")
    answer = erasure_request.grant(
        config.ledger.path,
        config.ledger.emergency_journal,
        request,
        hand(by),
        rhythm.is_open,
    )
    told(answer.tally, is_all=not (answer.notices or answer.set_aside))
    if answer.notices:
        say(f"{counted(answer.notices, 'notice')} that named the address: removed, or changed")
    if answer.dropped:
        say(f"{counted(answer.dropped, 'notice')} given up: their senders were not told")
    if answer.set_aside:
        say(f"{counted(answer.set_aside, 'line')} taken out of what the journal had put aside")
    _tell_of_torn(config, answer.torn)
    finish(answer.still)


def _tell_of_torn(config: Config, torn: int) -> None:
    if torn:
        aside = Journal(config.ledger.emergency_journal).aside
        say(
            f"{counted(torn, 'line')} in {aside} not whole, where an address may stand in part: "
            "--drop-torn takes such lines out, whoever they are about"
        )


def _erase_events(
    config: Config,
    events: tuple[str, ...],
    parts: tuple[str, ...],
    reason: str | None,
    by: str | None,
    *,
    dry: bool,
    yes: bool,
) -> None:
    path = config.ledger.path
    dues, kept = erase_parts.of_findings(path, events, map(Part, parts))
    if dry or not yes:
        _would_go(dues, kept, dry=dry)
        return
    told(
        erase_parts.erase(
            path, dues, cause=erase_parts.REQUEST, hand=hand(by), reason=reason, kept=kept
        )
    )
    finish(erasure_request.tidy(path))


def _would_go(dues: erase_parts.Dues, kept: int, *, dry: bool, is_all: bool = True) -> None:
    tally = Tally(events=len(dues), kept=kept)
    tally.parts.update(part for parts in dues.values() for part in parts)
    told(tally, would="would be ", is_all=is_all)
    if not dry:
        raise click.UsageError("nothing was erased: it cannot be undone. To do it, add --yes.")


def told(tally: Tally, *, would: str = "", is_all: bool = True) -> None:
    """Say how much was erased, or would be; ``is_all``: there is nothing beside the events."""
    if tally.parts:
        parts = ", ".join(f"{part} {tally.parts[part]:,}" for part in Part if tally.parts[part])
        say(f"{would}erased from {counted(tally.events, 'event')}, by parts: {parts}")
    elif is_all and not tally.kept:
        say("there is nothing to erase")
    if tally.kept:
        say(f"{counted(tally.kept, 'event')} {would}kept, being under hold")


def counted(number: int, noun: str) -> str:
    """A number of things, in words: ``1 event``, ``2,000 events``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def finish(still: Iterable[str]) -> None:
    """Say what stands all the same, and end with 1 if anything does."""
    sentences = tuple(still)
    for sentence in sentences:
        say(f"not finished: {sentence}")
    if sentences:
        sys.exit(1)
