"""``monition lists propose``: domains for institutions that the lists give none for."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.paragraphs import headline, paragraph
from gateway.cli.shared.tables import emit, paint, say, visible
from gateway.errors import MonitionError
from gateway.list_store import proposals as proposing
from gateway.list_store.files import accepted_domains
from gateway.list_store.files.paths import Folder
from gateway.list_store.imports import ror_store
from gateway.list_store.proposals import LEAST, Answer, Done, Proposals
from gateway.lookup.dns_resolver import Resolver
from gateway.lookup.mx_survey import survey
from gateway.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from click._termui_impl import ProgressBar

    from gateway.config import Config
    from gateway.list_store.files.accepted_domains import Rejection
    from gateway.model import Entity
    from gateway.screening.names.domain_proposals import Proposal

COLUMNS = (
    *("id", "score", "entity", "entity_name", "country", "domain", "source", "evidence"),
    *("rejected_by", "rejected_on"),
)


@click.command(
    "propose",
    epilog=example(
        "monition lists propose",
        "monition lists propose --entity us-ofac-38222 --min-score 0",
        "monition lists propose --mx 500",
        "monition lists propose --accept 633d4834aa --by 'A. Reviewer' --note 'asked their office'",
        "monition lists propose --reject be3c5d91e3 --by 'A. Reviewer'",
    ),
)
@click.option(
    "--min-score",
    type=click.IntRange(0, 100),
    default=LEAST,
    show_default=True,
    help="Leave out what scores less.",
)
@click.option("--entity", metavar="ID", help="For this institution, even if it has domains.")
@click.option(
    "--mx",
    type=click.IntRange(1, 100_000),
    metavar="QUESTIONS",
    help="Ask the DNS whose mail a listed institution takes in; this many questions at most.",
)
@click.option("--rejected", is_flag=True, help="Show those that were rejected as well.")
@click.option("--accept", metavar="ID", help="Take this proposal's domain in.")
@click.option("--reject", metavar="ID", help="Do not show this proposal again.")
@click.option("--by", metavar="NAME", help="Who accepts or rejects.")
@click.option("--note", metavar="TEXT", help="What they want to be remembered of it.")
@format_option()
@config_option
def command(
    *,
    min_score: int,
    entity: str | None,
    mx: int | None,
    accept: str | None,
    reject: str | None,
    by: str | None,
    note: str | None,
    config_file: Path | None,
    output_format: str,
    rejected: bool,
) -> None:
    """Propose domains for listed institutions that have none; accept or reject one.

    A proposal is a guess with its reasons: a research organisation of the same name, an address
    that a list gives, a mail host. None is used until somebody has accepted it. Look at each
    before: open the domain's site, compare name, town and country.

    Nobody is asked anything, but with --mx: then your resolver is asked for the mail exchangers of
    the domains proposed, and of the registry's organisations in the countries concerned.
    """
    config = load_config(config_file)
    if accept is not None or reject is not None:
        if mx is not None:
            raise click.UsageError("--mx goes with neither --accept nor --reject")
        _decide(config, accept, reject, by, note)
        return
    if by is not None or note is not None:
        raise click.UsageError("--by and --note go with --accept ID or --reject ID")
    _show(config, entity, min_score, output_format, rejected=rejected, mx=mx)


def _decide(
    config: Config, accept: str | None, reject: str | None, by: str | None, note: str | None
) -> None:
    if accept is not None and reject is not None:
        raise click.UsageError("--accept and --reject exclude each other")
    if by is None:
        raise click.UsageError("say who decides, as in --by 'A. Reviewer'")
    folder = Folder(config.lists.directory)
    do: Callable[..., Done] = proposing.accept if accept is not None else proposing.reject
    try:
        answer = Answer(by, datetime.now(UTC), note or "")
        _wait_for_registry()
        done = do(config.policies.directory, folder, accept or reject, answer)
    except OSError as error:
        raise MonitionError(
            f"{folder.path} cannot be written ({error.strerror or error}): run this as the "
            "gateway's user, or set [lists] directory to a folder of its own"
        ) from None
    name = visible(done.entity.name)
    if done.snapshot is None:
        click.echo(f"Rejected: {done.domain} for {name} ({done.entity.id})")
        return
    click.echo(f"Accepted: {done.domain} for {name} ({done.entity.id})")
    click.echo(f"In force: {done.snapshot.digest[:19]}…; a running gateway takes it within seconds")
    click.echo(
        f"To take it back: take its [[addition]] out of {accepted_domains.path_of(folder)}, "
        "then run `monition lists update policies`"
    )


def _show(
    config: Config,
    entity: str | None,
    min_score: int,
    output_format: str,
    *,
    rejected: bool,
    mx: int | None,
) -> None:
    folder = Folder(config.lists.directory)
    now = datetime.now(UTC)
    _wait_for_registry()
    proposals = Proposals(folder, load_snapshot(config), now.date())
    candidates = proposals.candidates(entity)
    every = _all(proposals, candidates, now)
    if mx is not None:
        _ask(config, folder, proposals, every, mx)
        if (tied := proposals.candidates(entity)) != candidates:
            candidates = tied
            every = _all(proposals, candidates, now)
    found = [each for each in every if each.score >= min_score]
    found.sort(key=lambda each: (-each.score, each.entity.id, each.domain))
    hidden = sum(each.id in proposals.rejected for each in found)
    if not rejected:
        found = [each for each in found if each.id not in proposals.rejected]
    if output_format == "table":
        for number, each in enumerate(found):
            for line in _told(each, proposals.rejected.get(each.id), is_first=number == 0):
                click.echo(line)
    else:
        rows = [as_row(each, proposals.rejected.get(each.id)) for each in found]
        emit(rows, columns=COLUMNS, format=output_format)
    say(_summary(len(found), len(candidates), min_score, entity))
    if hidden and not rejected:
        say(f"{hidden} that were rejected are not shown; --rejected shows them")
    if ror_store.read_header(folder) is None:
        say("no registry of organisations is here: `monition lists import FILE --source ror`")


def _wait_for_registry() -> None:
    """Say what takes seconds before any bar can be drawn; to people alone, as a bar is."""
    if sys.stderr.isatty():
        say("Reading the registry of organisations …")


def _all(proposals: Proposals, candidates: list[Entity], now: datetime) -> list[Proposal]:
    with _bar("Looking at institutions", len(candidates)) as bar:
        found: list[Proposal] = []
        for each in candidates:
            found += proposals.of([each], now)
            bar.update(1)
        return found


def _bar(label: str, length: int) -> AbstractContextManager[ProgressBar[int]]:
    """A bar for people alone; nothing at all where stderr is a file."""
    hidden = not sys.stderr.isatty()
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden)


def _ask(
    config: Config, folder: Folder, proposals: Proposals, found: list[Proposal], most: int
) -> None:
    """Ask the DNS, so many questions at most, and have what comes of it proposed."""
    wanted = proposals.to_ask(found)
    domains = wanted[:most]
    servers = config.lists.resolvers
    where = ", ".join(map(str, servers)) or "the system's resolver"
    say(f"Asking {where} for the mail exchangers of {len(domains)} of {len(wanted)} domains")
    resolver = Resolver(most, servers, Metrics())
    with _bar("Asking the DNS", len(domains)) as bar:
        answers = asyncio.run(survey(domains, resolver, lambda: bar.update(1)))
    try:
        tied = proposals.tie(folder, answers.answers, datetime.now(UTC).date())
    except OSError as error:
        raise MonitionError(
            f"{folder.path} cannot be written ({error.strerror or error}): run this as the "
            "gateway's user, or set [lists] directory to a folder of its own"
        ) from None
    said = "1 question" if answers.asked == 1 else f"{answers.asked} questions"
    say(f"{said} asked, {answers.unknown} of them without an answer; {len(tied)} domains found")
    if answers.is_hopeless:
        say("Nothing answers there; name a DNS server in lists.resolvers")


def as_row(proposal: Proposal, no: Rejection | None) -> dict[str, Any]:
    """One proposal as a row for programs."""
    return {
        "id": proposal.id,
        "score": proposal.score,
        "entity": proposal.entity.id,
        "entity_name": proposal.entity.name,
        "country": proposal.entity.country,
        "domain": proposal.domain,
        "source": proposal.source,
        "evidence": list(proposal.evidence),
        "rejected_by": no.by if no else None,
        "rejected_on": no.on if no else None,
    }


def _told(proposal: Proposal, no: Rejection | None, *, is_first: bool) -> Iterator[str]:
    if not is_first:
        yield ""
    entity = proposal.entity
    country = f", {entity.country}" if entity.country else ""
    yield paint(headline(proposal.score, proposal.domain), sys.stdout, bold=True)
    yield paragraph("for", f"{entity.name}{country} ({entity.id})")
    for line in proposal.evidence:
        heading, _, text = line.partition(": ")
        yield paragraph(heading, text)
    if no is not None:
        yield paragraph("rejected", f"by {no.by} on {no.on}" + (f": {no.note}" if no.note else ""))
    yield paragraph("proposal", proposal.id)


def _summary(found: int, candidates: int, min_score: int, entity: str | None) -> str:
    said = "1 proposal" if found == 1 else f"{found} proposals"
    whom = entity or f"the {candidates} institutions without a domain"
    return f"{said} of score {min_score} or more for {whom}"
