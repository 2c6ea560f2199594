"""Domains proposed for listed institutions that have none: looked at, accepted, rejected (S13).

A proposal is a guess with its reasons; none is used until somebody has accepted it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.errors import MonitionError
from gateway.list_store import proposals
from gateway.list_store.files import accepted_domains
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import ror_store
from gateway.list_store.proposals import LEAST_SCORE, ProposalAnswer, Proposals
from gateway.lookup.dns_resolver import DnsResolver
from gateway.lookup.mx_survey import survey
from gateway.metrics import Metrics
from gateway.screening.names.domain_proposals import Proposal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.config import Config
    from gateway.list_store.files.accepted_domains import Rejection
    from gateway.model import Entity
    from gateway.screening.snapshot import Snapshot

__all__ = [
    "COLUMNS",
    "LEAST_SCORE",
    "DecidedProposal",
    "MxAnswers",
    "MxQuestions",
    "Proposal",
    "ProposalAnswer",
    "ProposalReview",
    "ReviewedProposal",
    "ShownProposals",
    "accept",
    "as_row",
    "reject",
]

COLUMNS = (
    *("id", "score", "entity", "entity_name", "country", "domain", "source", "evidence"),
    *("rejected_by", "rejected_on"),
)
"""The keys of :func:`as_row`."""

Tell = Callable[[], object]
"""Called after each one of many that was done."""


@dataclass(frozen=True, slots=True)
class ReviewedProposal:
    """A proposal, and who rejected it; ``None``: nobody did."""

    proposal: Proposal
    rejection: Rejection | None


@dataclass(frozen=True, slots=True)
class ShownProposals:
    """The proposals to look at, the best first, and how many rejected ones are left out."""

    proposals: tuple[ReviewedProposal, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class MxQuestions:
    """Domains to ask the DNS of, ``among`` so many, and the servers: none is the system's.

    No more than ``most`` questions are asked.
    """

    domains: tuple[str, ...]
    among: int
    most: int
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MxAnswers:
    """How many questions were asked, how many had no answer, and how many domains were found.

    ``is_hopeless``: nothing answers there.
    """

    asked: int
    unknown: int
    found: int
    is_hopeless: bool


@dataclass(frozen=True, slots=True)
class DecidedProposal:
    """A proposal as it was decided: the domain, and the institution it was proposed for.

    ``snapshot`` is the digest of what is in force now, where it was accepted; ``file`` then bears
    its ``[[addition]]``.
    """

    entity: Entity
    domain: str
    snapshot: str | None
    file: Path


class ProposalReview:
    """All that can be proposed at a time, from one snapshot and what was imported.

    Raises :class:`gateway.errors.ListError` where the lists directory cannot be read; that takes
    seconds, since the registry of organisations is large.
    """

    def __init__(self, config: Config, snapshot: Snapshot, at: datetime) -> None:
        self._folder = Folder.of(config)
        self._servers = config.lists.resolvers
        self._at = at
        self._proposals = Proposals(self._folder, snapshot, at.date())

    @property
    def has_registry(self) -> bool:
        """Whether the registry of organisations was imported."""
        return ror_store.read_header(self._folder) is not None

    def candidates(self, entity: str | None = None) -> list[Entity]:
        """Give the institutions to propose for: all without a domain, or the one of this id.

        Raises :class:`gateway.list_store.proposals.ProposalError` where there is none of this id.
        """
        return self._proposals.candidates(entity)

    def proposals(self, candidates: Sequence[Entity], tell: Tell = lambda: None) -> list[Proposal]:
        """Propose for each of them; ``tell`` is called after each."""
        found: list[Proposal] = []
        for each in candidates:
            found += self._proposals.of([each], self._at)
            tell()
        return found

    def shown(
        self, found: Sequence[Proposal], least: int, *, rejected: bool = False
    ) -> ShownProposals:
        """Choose those of a score, those that were rejected as well where asked for."""
        chosen = [
            ReviewedProposal(each, self._proposals.rejected.get(each.id))
            for each in found
            if each.score >= least
        ]
        chosen.sort(key=_best_first)
        open_ = [each for each in chosen if each.rejection is None]
        if rejected:
            return ShownProposals(tuple(chosen), 0)
        return ShownProposals(tuple(open_), len(chosen) - len(open_))

    def mx_questions(self, found: Sequence[Proposal], most: int) -> MxQuestions:
        """Give the domains whose mail may go to a listed institution, the likeliest first."""
        wanted = self._proposals.domains_to_ask(found)
        return MxQuestions(tuple(wanted[:most]), len(wanted), most, tuple(map(str, self._servers)))

    def ask_mx(self, questions: MxQuestions, tell: Tell, now: Callable[[], datetime]) -> MxAnswers:
        """Ask the DNS for the mail exchangers, and keep what ties a domain to an institution.

        ``tell`` is called after each answer, ``now`` once all are there. Raises
        :class:`MonitionError` where the lists directory cannot be written.
        """
        resolver = DnsResolver(questions.most, self._servers, Metrics())
        answers = asyncio.run(survey(questions.domains, resolver, tell))
        with _written(self._folder):
            tied = self._proposals.take_dns_answers(self._folder, answers.answers, now().date())
        return MxAnswers(answers.asked, answers.unknown, len(tied), answers.is_hopeless)


def accept(config: Config, id_: str, answer: ProposalAnswer) -> DecidedProposal:
    """Take a proposal's domain in, and put the new snapshot in force.

    Raises :class:`gateway.list_store.proposals.ProposalError` where there is no such proposal any
    more, :class:`gateway.errors.ListError`, and :class:`MonitionError` where the lists directory
    cannot be written; then nothing has changed.
    """
    folder = Folder.of(config)
    with _written(folder):
        done = proposals.accept(config.policies.directory, folder, id_, answer)
    return _decided(folder, done)


def reject(config: Config, id_: str, answer: ProposalAnswer) -> DecidedProposal:
    """Remember that a proposal is not to be shown again. Raises as :func:`accept`."""
    folder = Folder.of(config)
    with _written(folder):
        done = proposals.reject(config.policies.directory, folder, id_, answer)
    return _decided(folder, done)


def as_row(each: ReviewedProposal) -> dict[str, Any]:
    """Give a proposal as a row for programs."""
    proposal, no = each.proposal, each.rejection
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


def _best_first(each: ReviewedProposal) -> tuple[int, str, str]:
    proposal = each.proposal
    return -proposal.score, proposal.entity.id, proposal.domain


def _decided(folder: Folder, done: proposals.AnsweredProposal) -> DecidedProposal:
    digest = done.snapshot.digest if done.snapshot is not None else None
    return DecidedProposal(done.entity, done.domain, digest, accepted_domains.path_of(folder))


@contextlib.contextmanager
def _written(folder: Folder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MonitionError(
            f"{folder.path} cannot be written ({error.strerror or error}): run this as the "
            "gateway's user, or set [lists] directory to a folder of its own"
        ) from None
