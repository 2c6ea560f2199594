"""``monition audit erase``: a person's data out of the ledger, or parts of single findings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import access, current_actor
from gateway.compliance.audit import erase as acts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gateway.compliance.audit.erase import Amount, ErasedPerson, ErasureForecast, TornLines


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
    type=click.Choice(list(acts.ROLES)),
    default=acts.BOTH,
    show_default=True,
    help="What --person was in the findings.",
)
@click.option(
    "--part",
    "parts",
    type=click.Choice(list(acts.PARTS)),
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
        sought = acts.read_mailbox(person)
        if dry_run or not yes:
            who = access("audit erase", reason)
            _foresee(
                acts.foresee_person(config, sought, role, current_actor(by), who), role, dry=dry_run
            )
            return
        if sys.stderr.isatty():
            print_message("looking through the whole ledger: some seconds for each gigabyte of it")
        done = acts.erase_person(
            config,
            sought,
            role,
            current_actor(by),
            reason=reason,
            drops_notices=drop_notices,
            drops_torn=drop_torn,
        )
        _tell_of_person(done)
    elif dry_run or not yes:
        _would_go(acts.foresee_parts(config, events, parts), dry=dry_run)
    else:
        erased = acts.erase_findings_parts(
            config, events, parts, current_actor(by), reason=reason, tell=print_amount
        )
        finish(erased.unfinished)


def _foresee(found: ErasureForecast, role: str, *, dry: bool) -> None:
    print_message(
        f"{found.mailbox} is the sender of {found.as_sender:,} and the recipient of "
        f"{found.as_recipient:,} findings"
    )
    print_message(
        f"notices that name it: {found.notices:,}, of them still to be sent: {found.unsent:,}"
    )
    if found.journal:
        print_message(
            f"{counted(found.journal, 'line')} of the emergency journal that name it: would be "
            "taken into the ledger, and erased there"
        )
    if found.aside:
        print_message(
            f"{counted(found.aside, 'line')} that the journal put aside and that name it: "
            + ("would be taken out" if role == acts.BOTH else "would go with --as both")
        )
    _tell_of_torn(found.torn)
    if found.tagged:
        tagged = ", ".join(found.tagged)
        print_message(f"spelt so as well, and erased with it: {tagged}")
    is_all = not (found.notices or found.journal or found.aside)
    _would_go(found.amount, dry=dry, is_all=is_all)


def _tell_of_person(done: ErasedPerson) -> None:
    print_amount(done.amount, is_all=not (done.notices or done.aside))
    if done.notices:
        print_message(
            f"{counted(done.notices, 'notice')} that named the address: removed, or changed"
        )
    if done.dropped:
        print_message(f"{counted(done.dropped, 'notice')} given up: their senders were not told")
    if done.aside:
        print_message(f"{counted(done.aside, 'line')} taken out of what the journal had put aside")
    _tell_of_torn(done.torn)
    finish(done.unfinished)


def _tell_of_torn(torn: TornLines) -> None:
    if torn.lines:
        print_message(
            f"{counted(torn.lines, 'line')} in {torn.file} not whole, where an address may stand "
            "in part: --drop-torn takes such lines out, whoever they are about"
        )


def _would_go(amount: Amount, *, dry: bool, is_all: bool = True) -> None:
    print_amount(amount, would="would be ", is_all=is_all)
    if not dry:
        raise click.UsageError("nothing was erased: it cannot be undone. To do it, add --yes.")


def print_amount(amount: Amount, *, would: str = "", is_all: bool = True) -> None:
    """Say how much was erased, or would be; ``is_all``: there is nothing beside the events."""
    if amount.parts:
        parts = ", ".join(f"{part} {count:,}" for part, count in amount.parts.items())
        print_message(f"{would}erased from {counted(amount.events, 'event')}, by parts: {parts}")
    elif is_all and not amount.kept:
        print_message("there is nothing to erase")
    if amount.kept:
        print_message(f"{counted(amount.kept, 'event')} {would}kept, being under hold")


def counted(number: int, noun: str) -> str:
    """A number of things, in words: ``1 event``, ``2,000 events``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def finish(still: Iterable[str]) -> None:
    """Say what stands all the same, and end with 1 if anything does."""
    sentences = tuple(still)
    for sentence in sentences:
        print_message(f"not finished: {sentence}")
    if sentences:
        sys.exit(1)
