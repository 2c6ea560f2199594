"""Proposals over a lists directory: found, accepted, rejected (behaviour S13)."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.errors import ListError, MonitionError
from gateway.list_store.files import accepted_domains, mail_hosts
from gateway.list_store.files.accepted_domains import Acceptance, Rejection
from gateway.list_store.imports import ror_store
from gateway.list_store.snapshots import build_snapshot, snapshot_history
from gateway.lists.parsing import hosts
from gateway.screening.dns_linkage import find_link, may_be_linked
from gateway.screening.names.domain_proposals import (
    KnownOrganisation,
    Proposal,
    Proposer,
    entity_part,
    proposal_id,
)
from gateway.screening.unlistable_domains import why_unlistable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.lists.parsing.hosts import Guard
    from gateway.lists.parsing.organisation import Organisation as Record
    from gateway.model import Claim, Entity
    from gateway.screening.dns_linkage import Link
    from gateway.screening.snapshot import Snapshot

Answers = tuple[tuple[str, str], ...]
"""Pairs of record type and host, as the DNS gave them."""

LEAST_SCORE = 60
"""Proposals with a lower score are shown when they are asked for only."""


class ProposalError(MonitionError):
    """What a person asked to be done with a proposal cannot be done; says what to do instead."""


@dataclass(frozen=True, slots=True)
class ProposalAnswer:
    """A person's word on a proposal: their name, the time, and what they care to add.

    Raises :class:`ProposalError` for an empty name and for signs that cannot be printed.
    """

    by: str
    at: datetime
    note: str = ""

    def __post_init__(self) -> None:
        for what, text in (("name", self.by), ("note", self.note)):
            if not text.isprintable():
                raise ProposalError(f"the {what} holds a sign that cannot be printed; leave it out")
        if not self.by.strip():
            raise ProposalError("the name is empty; say who decides, as in --by 'A. Reviewer'")


@dataclass(frozen=True, slots=True)
class AnsweredProposal:
    """What came of an answer. ``snapshot`` is the one in force now, where one was made."""

    entity: Entity
    domain: str
    snapshot: Snapshot | None = None


class Proposals:
    """All that can be proposed on a day, from one snapshot and the registry as it was imported.

    ``organisations`` is how many the registry has, ``rejected`` what was rejected, by id. Raises
    :class:`ListError` where the directory cannot be read.
    """

    def __init__(self, folder: Folder, snapshot: Snapshot, on: date) -> None:
        self._snapshot = snapshot
        self._tied = mail_hosts.read(folder, on)
        self._entities = tuple(snapshot.entities.values())
        guard = functools.partial(why_unlistable, mailbox_kinds=snapshot.mailbox_kinds)
        known = [_known(each, guard) for each in ror_store.read(folder)]
        self.organisations = len(known)
        self._domains = {domain: each.country for each in known for domain in each.domains}
        self.rejected = accepted_domains.rejected(folder)
        self._proposer = Proposer(self._entities, known, snapshot.mailbox_kinds)

    def candidates(self, entity: str | None = None) -> list[Entity]:
        """Give the entities to propose for: the one of that id, or all without a domain.

        Beside these, those that the DNS ties another domain to. Raises :class:`ProposalError`
        where no entity has the id.
        """
        if entity is not None:
            if entity not in self._snapshot.entities:
                raise ProposalError(
                    f"no institution has the id {entity}; `monition lists search NAME` finds ids"
                )
            return [self._with_ties(self._snapshot.entities[entity])]
        return [
            each for each in map(self._with_ties, self._entities) if each.linked or not each.domains
        ]

    def domains_to_ask(self, found: Iterable[Proposal]) -> list[str]:
        """Give domains whose mail may go to a listed institution, the likeliest first.

        First those that are proposed for other reasons, then those of the registry's organisations
        in the countries where listed institutions have domains. None that is listed already.
        """
        countries = {each.country for each in self._entities if each.country and each.domains}
        near = sorted(each for each, country in self._domains.items() if country in countries)
        proposed = (each.domain for each in found)
        every = dict.fromkeys((*proposed, *near))
        return [each for each in every if may_be_linked(each, self._snapshot)]

    def take_dns_answers(
        self, folder: Folder, answers: Mapping[str, Answers], on: date
    ) -> list[Link]:
        """Take in what the DNS said of some domains; give those that are a listed one's guests.

        They are kept, so that the proposals made of them can be accepted. ``answers`` are by
        domain. Raises :class:`ListError` and ``OSError``.
        """
        seen = (find_link(domain, hosts, self._snapshot) for domain, hosts in answers.items())
        found = [each for each in seen if each is not None]
        if found:
            self._tied = mail_hosts.add(folder, found, on)
        return found

    def _with_ties(self, entity: Entity) -> Entity:
        """An entity with the domains whose mail goes to its hosts, beside those that are linked."""
        own = {claim.value for claim in entity.domains if not claim.clears}
        known = {claim.value for claim in entity.linked}
        more = [
            seen.claim
            for domain, seen in self._tied.items()
            if seen.link.within in own and domain not in known
        ]
        return replace(entity, linked=(*entity.linked, *more)) if more else entity

    def of(self, entities: Iterable[Entity], at: datetime) -> Iterator[Proposal]:
        """Propose for some entities, one after the other; what was rejected is proposed as well."""
        for entity in entities:
            yield from self._proposer.propose(entity, at.date())

    def find(self, id_: str, at: datetime) -> Proposal:
        """Give one proposal by its id. Raises :class:`ProposalError` where there is none."""
        entities = [
            self._with_ties(each) for each in self._entities if id_.startswith(entity_part(each.id))
        ]
        for entity in entities:
            for claim in entity.domains:
                if proposal_id(entity.id, claim.value) == id_:
                    raise ProposalError(_told_accepted(id_, entity, claim))
        found = next((each for each in self.of(entities, at) if each.id == id_), None)
        if found is None:
            raise ProposalError(self._why_gone(id_))
        return found

    def _why_gone(self, id_: str) -> str:
        no = self.rejected.get(id_)
        if no is not None and (reason := self._proposer.why_not(no.domain)) is not None:
            return f"{id_} ({no.domain}) cannot be used any more: {reason}"
        return (
            f"there is no proposal {id_}: it was mistyped, or what spoke for it has changed, or "
            "another institution has the domain by now; `monition lists propose` shows all"
        )


def accept(policies: Path, folder: Folder, id_: str, answer: ProposalAnswer) -> AnsweredProposal:
    """Take a proposed domain in and put the new snapshot in force.

    Raises :class:`ProposalError`, :class:`ListError` or ``OSError``; then nothing has changed.
    """
    with folder.locked():
        found = _found(policies, folder, id_, answer)
        before = accepted_domains.read_text(folder)
        source = found.source
        if answer.note.strip():
            source += f"; note: {answer.note.strip()}"
        accepted_domains.add(
            folder,
            Acceptance(found.entity.id, found.domain, source, answer.by.strip(), answer.at.date()),
        )
        try:
            made = build_snapshot.build(policies, folder, at=answer.at)
            snapshot_history.save(folder, made.snapshot, made.activation)
        except (ListError, OSError):
            accepted_domains.restore(folder, before)
            raise
    return AnsweredProposal(found.entity, found.domain, made.snapshot)


def reject(policies: Path, folder: Folder, id_: str, answer: ProposalAnswer) -> AnsweredProposal:
    """Remember that a proposal is not to be shown again.

    Raises :class:`ProposalError`, :class:`ListError` or ``OSError``; then nothing has changed.
    """
    with folder.locked():
        if (no := accepted_domains.rejected(folder).get(id_)) is not None:
            raise ProposalError(f"{id_} ({no.domain}) was rejected by {no.by} on {no.on} already")
        found = _found(policies, folder, id_, answer)
        accepted_domains.reject(
            folder,
            Rejection(
                id_,
                found.entity.id,
                found.domain,
                answer.by.strip(),
                answer.at.date(),
                answer.note.strip(),
            ),
        )
    return AnsweredProposal(found.entity, found.domain)


def _found(policies: Path, folder: Folder, id_: str, answer: ProposalAnswer) -> Proposal:
    snapshot = build_snapshot.current_or_built(policies, folder, answer.at)
    return Proposals(folder, snapshot, answer.at.date()).find(id_, answer.at)


def _told_accepted(id_: str, entity: Entity, claim: Claim) -> str:
    if claim.reviewer is None:
        return f"{id_} needs nobody's yes: {claim.source} gives {claim.value} for {entity.name}"
    return f"{id_} ({claim.value}) was accepted by {claim.reviewer} on {claim.reviewed_on} already"


def _known(record: Record, guard: Guard) -> KnownOrganisation:
    return KnownOrganisation(
        f"ROR {record.ror}",
        record.names,
        record.country,
        _domains(record.domains, guard),
        _domains(record.websites, guard),
    )


def _domains(texts: Iterable[str], guard: Guard) -> tuple[str, ...]:
    found = (each for text in texts for each in hosts.domains(text, guard))
    return tuple(
        dict.fromkeys(each.value for each in found if isinstance(each, hosts.ListedDomain))
    )
