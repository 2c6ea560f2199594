"""``monition lists propose``: domains for institutions that the lists give none for."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_lists,
)
from gateway.cli.shared.paragraphs import headline, paragraph
from gateway.cli.shared.tables import emit, paint, print_message, visible
from gateway.compliance.sanction_lists import review_proposals
from gateway.compliance.sanction_lists.review_proposals import (
    LEAST_SCORE,
    ProposalAnswer,
    ProposalReview,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from click._termui_impl import ProgressBar

    from gateway.compliance.sanction_lists.review_proposals import Proposal, ReviewedProposal
    from gateway.config import Config
    from gateway.model import Entity


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
    default=LEAST_SCORE,
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
    answer = ProposalAnswer(by, datetime.now(UTC), note or "")
    _wait_for_registry()
    if accept is not None:
        done = review_proposals.accept(config, accept, answer)
    else:
        done = review_proposals.reject(config, reject or "", answer)
    name = visible(done.entity.name)
    if done.snapshot is None:
        click.echo(f"Rejected: {done.domain} for {name} ({done.entity.id})")
        return
    click.echo(f"Accepted: {done.domain} for {name} ({done.entity.id})")
    click.echo(f"In force: {done.snapshot[:19]}…; a running gateway takes it within seconds")
    click.echo(
        f"To take it back: take its [[addition]] out of {done.file}, "
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
    now = datetime.now(UTC)
    _wait_for_registry()
    review = ProposalReview(config, load_lists(config).snapshot, now)
    candidates = review.candidates(entity)
    every = _all(review, candidates)
    if mx is not None:
        _ask(review, every, mx)
        if (tied := review.candidates(entity)) != candidates:
            candidates = tied
            every = _all(review, candidates)
    shown = review.shown(every, min_score, rejected=rejected)
    if output_format == "table":
        for number, each in enumerate(shown.proposals):
            for line in _told(each, is_first=number == 0):
                click.echo(line)
    else:
        rows = map(review_proposals.as_row, shown.proposals)
        emit(rows, columns=review_proposals.COLUMNS, format=output_format)
    print_message(_summary(len(shown.proposals), len(candidates), min_score, entity))
    if shown.hidden:
        print_message(f"{shown.hidden} that were rejected are not shown; --rejected shows them")
    if not review.has_registry:
        print_message(
            "no registry of organisations is here: `monition lists import FILE --source ror`"
        )


def _wait_for_registry() -> None:
    """Say what takes seconds before any bar can be drawn; to people alone, as a bar is."""
    if sys.stderr.isatty():
        print_message("Reading the registry of organisations …")


def _all(review: ProposalReview, candidates: Sequence[Entity]) -> list[Proposal]:
    with _bar("Looking at institutions", len(candidates)) as bar:
        return review.proposals(candidates, lambda: bar.update(1))


def _bar(label: str, length: int) -> AbstractContextManager[ProgressBar[int]]:
    """A bar for people alone; nothing at all where stderr is a file."""
    hidden = not sys.stderr.isatty()
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden)


def _ask(review: ProposalReview, found: Sequence[Proposal], most: int) -> None:
    """Ask the DNS, so many questions at most, and have what comes of it proposed."""
    questions = review.mx_questions(found, most)
    where = ", ".join(questions.servers) or "the system's resolver"
    count = len(questions.domains)
    print_message(f"Asking {where} for the mail exchangers of {count} of {questions.among} domains")
    with _bar("Asking the DNS", count) as bar:
        answers = review.ask_mx(questions, lambda: bar.update(1), lambda: datetime.now(UTC))
    said = "1 question" if answers.asked == 1 else f"{answers.asked} questions"
    print_message(
        f"{said} asked, {answers.unknown} of them without an answer; {answers.found} domains found"
    )
    if answers.is_hopeless:
        print_message("Nothing answers there; name a DNS server in lists.resolvers")


def _told(each: ReviewedProposal, *, is_first: bool) -> Iterator[str]:
    proposal, no = each.proposal, each.rejection
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
