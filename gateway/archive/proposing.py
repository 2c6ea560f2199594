"""Proposals over a lists directory: found, accepted, rejected."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.archive import accepted, assembly, history, organisations
from gateway.archive.accepted import Acceptance, Rejection
from gateway.errors import ListError, MonitionError
from gateway.lists import hosts
from gateway.screen.guard import why_not_an_institution
from gateway.screen.proposals import Organisation, Proposal, Proposer, entity_part, proposal_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from gateway.archive.folder import Folder
    from gateway.lists.hosts import Guard
    from gateway.lists.organisation import Organisation as Record
    from gateway.model import Claim, Entity
    from gateway.screen.snapshot import Snapshot

LEAST = 60
"""Proposals with a lower score are shown when they are asked for only."""


class ProposalError(MonitionError):
    """What a person asked to be done with a proposal cannot be done; says what to do instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's word on a proposal: their name, the time, and what they care to add."""

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
class Done:
    """What came of an answer. ``snapshot`` is the one in force now, where one was made."""

    entity: Entity
    domain: str
    snapshot: Snapshot | None = None


class Proposals:
    """All that can be proposed, from one snapshot and the registry as it was imported.

    Raises :class:`ListError` where the directory cannot be read.
    """

    def __init__(self, folder: Folder, snapshot: Snapshot) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._entities = tuple(snapshot.entities.values())
        guard = functools.partial(why_not_an_institution, people=snapshot.people)
        known = [_known(each, guard) for each in organisations.read(folder)]
        self.organisations = len(known)
        self.rejected = accepted.rejected(folder)
        self._proposer = Proposer(self._entities, known, snapshot.people)

    def candidates(self, entity: str | None = None) -> list[Entity]:
        """Give the entities to propose for: the one that is named, or all without a domain.

        And those that the DNS ties another domain to, which the resolver found.
        """
        if entity is not None:
            if entity not in self._snapshot.entities:
                raise ProposalError(
                    f"no institution has the id {entity}; `monition lists search NAME` finds ids"
                )
            return [self._snapshot.entities[entity]]
        return [each for each in self._entities if each.linked or not each.domains]

    def of(self, entities: Iterable[Entity], at: datetime) -> Iterator[Proposal]:
        """Propose for some entities, one after the other; rejected ones are among them."""
        for entity in entities:
            yield from self._proposer.propose(entity, at.date())

    def find(self, id_: str, at: datetime) -> Proposal:
        """Give one proposal by its id. Raises :class:`ProposalError` where there is none."""
        entities = [each for each in self._entities if id_.startswith(entity_part(each.id))]
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


def accept(policies: Path, folder: Folder, id_: str, answer: Answer) -> Done:
    """Take a proposed domain in and put the new snapshot in force.

    Raises :class:`ProposalError`, :class:`ListError` or ``OSError``; then nothing has changed.
    """
    with folder.held():
        found = Proposals(folder, assembly.live(policies, folder, answer.at)).find(id_, answer.at)
        before = accepted.read_text(folder)
        source = found.source
        if answer.note.strip():
            source += f"; note: {answer.note.strip()}"
        accepted.add(
            folder,
            Acceptance(found.entity.id, found.domain, source, answer.by.strip(), answer.at.date()),
        )
        try:
            made = assembly.assembled(policies, folder, at=answer.at)
            history.save(folder, made.snapshot, made.turn)
        except (ListError, OSError):
            accepted.put_back(folder, before)
            raise
    return Done(found.entity, found.domain, made.snapshot)


def reject(policies: Path, folder: Folder, id_: str, answer: Answer) -> Done:
    """Remember that a proposal is not to be shown again.

    Raises :class:`ProposalError`, :class:`ListError` or ``OSError``; then nothing has changed.
    """
    with folder.held():
        if (no := accepted.rejected(folder).get(id_)) is not None:
            raise ProposalError(f"{id_} ({no.domain}) was rejected by {no.by} on {no.on} already")
        found = Proposals(folder, assembly.live(policies, folder, answer.at)).find(id_, answer.at)
        accepted.reject(
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
    return Done(found.entity, found.domain)


def _told_accepted(id_: str, entity: Entity, claim: Claim) -> str:
    if claim.reviewer is None:
        return f"{id_} needs nobody's yes: {claim.source} gives {claim.value} for {entity.name}"
    return f"{id_} ({claim.value}) was accepted by {claim.reviewer} on {claim.reviewed_on} already"


def _known(record: Record, guard: Guard) -> Organisation:
    return Organisation(
        f"ROR {record.ror}",
        record.names,
        record.country,
        _domains(record.domains, guard),
        _domains(record.websites, guard),
    )


def _domains(texts: Iterable[str], guard: Guard) -> tuple[str, ...]:
    found = (each for text in texts for each in hosts.domains(text, guard))
    return tuple(dict.fromkeys(each.value for each in found if isinstance(each, hosts.Domain)))
