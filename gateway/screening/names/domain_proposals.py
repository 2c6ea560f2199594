"""Domains that could be a listed institution's, with what speaks for them; a person decides.

Behaviour S13.

The lists name institutions and hardly ever their domains. Three things point to one: a registry
of research organisations that knows an institution of the same name, addresses that a list gives
for the institution, and domains whose mail goes to its hosts. None of it is used until a person
has accepted it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.addresses.domain_name import ancestry, registrable
from gateway.screening.names.common_words import FORM, PLACE
from gateway.screening.names.comparable_form import comparable_form, is_legal_form, sound_key
from gateway.screening.names.name_index import IndexedName, NameIndex
from gateway.screening.names.similarity import THRESHOLD
from gateway.screening.names.token_pairing import DISTINCTIVE, usual_weight
from gateway.screening.unlistable_domains import why_unlistable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import date

    from gateway.model import Entity
    from gateway.screening.names.comparable_form import ComparableForm
    from gateway.screening.names.name_index import Hit
    from gateway.screening.recipient_kind import MailboxKinds

# What each piece of evidence is worth; the sum is from 0 to 100.
NAME = 40
"""A name that just matches; an equal one is worth ``NAME + SAME_NAME``."""
SAME_NAME = 20
SAME_COUNTRY = 20
STATED = 10
"""The registry states it as a domain, and does not only give a website there."""
RESEMBLES = 10
ONE_WORD = -20
"""All that the names share is one word: trading companies and institutes may well share one."""
ADDRESS = 40
LINKED = 40
ANOTHERS = -20
"""The registry has a domain that is linked as another organisation's."""
ONE_FORM = 1.1 * FORM
"""What may be left of a name: a legal form, as figures go."""
SURE = 0.95
"""How alike names must be where a country is not known."""
OWN_LABEL = 30
"""A domain that is not found by name, and has a word or the initials of the name."""


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation as a registry knows it: no listing, and no guess.

    ``source`` names registry and record (``ROR 00v0z9322``). ``domains`` are what the record
    states, ``websites`` hosts of its sites; both in normal form.
    """

    source: str
    names: tuple[str, ...]
    country: str | None = None
    domains: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A domain for an entity, to be accepted or rejected by a person.

    ``id`` is the same whenever the same domain is proposed for the same entity. ``score`` is from
    0 to 100. ``source`` is what would stand as source of the claim, ``evidence`` what speaks for
    it and what a person should look at, a line each that begins with what it is about.
    """

    id: str
    entity: Entity
    domain: str
    score: int
    source: str
    evidence: tuple[str, ...]


def proposal_id(entity: str, domain: str) -> str:
    """The stable id of a proposal: ten hex digits, of which the first four are the entity's."""
    return entity_part(entity) + hashlib.sha256(f"{entity}\n{domain}".encode()).hexdigest()[:6]


def entity_part(entity: str) -> str:
    """What the ids of all proposals for an entity begin with, so that one is found by its id."""
    return hashlib.sha256(entity.encode()).hexdigest()[:4]


@dataclass(slots=True)
class _Candidate:
    """One domain of one entity while evidence is gathered."""

    score: int = 0
    sources: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)

    def add(self, score: int, source: str, evidence: Iterable[str]) -> None:
        """Take in one finding; the best counts, each further one a little."""
        self.score = max(self.score, score) + (5 if self.score else 0)
        self.sources.append(source)
        self.evidence += evidence


class Proposer:
    """What is known of all organisations and all claims, to propose for one entity at a time."""

    def __init__(
        self,
        entities: Iterable[Entity],
        organisations: Iterable[KnownOrganisation],
        mailbox_kinds: MailboxKinds,
    ) -> None:
        self._people = mailbox_kinds
        self._organisations = {each.source: each for each in organisations}
        self._index = NameIndex(
            IndexedName(each.source, name, is_weak=_is_initials(name))
            for each in self._organisations.values()
            for name in each.names
        )
        self._claims: dict[str, set[str]] = {}
        for entity in entities:
            for claim in entity.domains:
                self._claims.setdefault(claim.value, set()).add(entity.id)
        self._holders: dict[str, set[str]] = {}
        for each in self._organisations.values():
            for domain in (*each.domains, *each.websites):
                for name in ancestry(domain):
                    self._holders.setdefault(name, set()).add(each.source)

    def propose(self, entity: Entity, on: date) -> list[Proposal]:
        """Give the domains that could be an entity's, the likeliest first.

        None for an entity that no list has in force on that day.
        """
        if not any(listing.is_in_force(on) for listing in entity.listings):
            return []
        hits = self._hits(entity)
        cases: dict[str, _Candidate] = {}
        for source, hit in hits.items():
            for domain, finding in self._of_registry(entity, hit, self._organisations[source]):
                cases.setdefault(domain, _Candidate()).add(*finding)
        for domain, finding in _of_addresses(entity):
            cases.setdefault(domain, _Candidate()).add(*finding)
        for domain, (score, source, evidence) in _of_links(entity):
            # Whoever's it is, its mail goes to the entity's hosts: a person may know them for one.
            owner = self._whose(domain, hits)
            less, look = (0, []) if owner is None else (ANOTHERS, [f"look at: {owner}"])
            cases.setdefault(domain, _Candidate()).add(score + less, source, [*evidence, *look])
        linked = {claim.value for claim in entity.linked}
        found = [
            Proposal(
                proposal_id(entity.id, domain),
                entity,
                domain,
                min(case.score, 100),
                "; ".join(dict.fromkeys(case.sources)),
                tuple(dict.fromkeys(case.evidence)),
            )
            for domain, case in cases.items()
            if self._why_never(domain) is None
            and (domain in linked or self._whose(domain, hits) is None)
        ]
        return sorted(found, key=lambda each: (-each.score, each.domain))

    def why_not(self, domain: str, known: Collection[str] = ()) -> str | None:
        """Say why a normalised domain cannot be proposed; ``None`` where it can.

        ``known`` are the sources of organisations that the entity in question may be.
        """
        return self._why_never(domain) or self._whose(domain, known)

    def _why_never(self, domain: str) -> str | None:
        """Say why a domain is out of the question, whatever speaks for it."""
        if (reason := why_unlistable(domain, self._people)) is not None:
            return reason
        for name in ancestry(domain):
            if holders := self._claims.get(name):
                return f"{name} is claimed by {', '.join(sorted(holders))} already"
        return None

    def _whose(self, domain: str, known: Collection[str]) -> str | None:
        """Say whose domain the registry knows it for, or for one above it; ``None``: nobody's."""
        for other in sorted(self._others(domain, known)):
            its = self._organisations[other]
            if domain in its.domains or not self._is_stated(domain, known):
                return f"{domain} is, or lies above, the domain of {its.names[0]} ({other})"
        return None

    def _others(self, domain: str, known: Collection[str]) -> set[str]:
        """Organisations but some known ones that a registry has at or below a domain."""
        return self._holders.get(domain, set()).difference(known)

    def _is_stated(self, domain: str, known: Collection[str]) -> bool:
        """Whether a domain is what a registry states of some organisations, by their sources.

        A university's institutes have their sites below its domain: they do not speak against it.
        """
        return any(domain in self._organisations[source].domains for source in known)

    def _hits(self, entity: Entity) -> dict[str, Hit]:
        """Organisations of an entity's name and, where both are known, of its country."""

        def may_be(owner: str) -> bool:
            country = self._organisations[owner].country
            return not (entity.country and country) or entity.country == country

        best: dict[str, Hit] = {}
        for name in dict.fromkeys((entity.name, *entity.aliases)):
            if _is_initials(name):
                continue
            for hit in self._index.matches(name, may_be):
                country = self._organisations[hit.owner].country
                if not self._is_close(name, hit, are_compatriots=bool(entity.country and country)):
                    continue
                other = best.get(hit.owner)
                if other is None or hit.likeness.score > other.likeness.score:
                    best[hit.owner] = hit
        return best

    def _is_close(self, name: str, hit: Hit, *, are_compatriots: bool) -> bool:
        """Whether two names leave little to doubt: no word in the place of another.

        Bu Ali Sina Petrochemical Company is not Bu Ali Sina University.
        """
        less, more = sorted(hit.likeness.left)
        asked, found = comparable_form(name), comparable_form(hit.name)
        if max(map(self._index.weigh, asked.texts)) < DISTINCTIVE:
            # Of common words each counts as it was said: Bank Rossiya is not the Bank of Russia.
            return [token.original for token in asked.tokens] == [
                token.original for token in found.tokens
            ]
        if len(hit.likeness.reasons) == 1:
            return more <= ONE_FORM
        if not are_compatriots:
            return more <= ONE_FORM and hit.likeness.score >= SURE
        return less <= 2 * ONE_FORM and more <= PLACE

    def _of_registry(
        self, entity: Entity, hit: Hit, known: KnownOrganisation
    ) -> Iterator[tuple[str, _Finding]]:
        likeness = hit.likeness
        certain = (likeness.score - THRESHOLD) / (1 - THRESHOLD)
        score = NAME + round(SAME_NAME * certain)
        lines = [f"name: {known.source} is “{hit.name}” ({likeness.score:.2f}: {likeness.why})"]
        if entity.country and entity.country == known.country:
            score += SAME_COUNTRY
            lines.append(f"country: {known.country} in both")
        else:
            lines.append("look at: the country is not known on both sides")
        if not _has_several_words(hit, self._index):
            score += ONE_WORD
            lines.append("look at: the names have one word in common, and others may bear it")
        stated = known.domains or known.websites
        for domain in stated:
            more, own = score, list(lines)
            if known.domains:
                more += STATED
                own.append(f"domain: {known.source} states {domain}")
            else:
                own.append(f"website: {known.source} gives {domain}")
            if others := self._others(domain, (known.source,)):
                first = self._organisations[min(others)]
                own.append(f"look at: {first.names[0]} ({first.source}) is found there too")
            if label := _resemblance(domain, (entity.name, *entity.aliases, *known.names)):
                more += RESEMBLES
                own.append(f"domain: “{label}” is in the name, or its initials")
            yield domain, (more, f"{known.source}, whose name is “{hit.name}”", own)


_Finding = tuple[int, str, list[str]]


def _of_addresses(entity: Entity) -> Iterator[tuple[str, _Finding]]:
    by_domain: dict[str, list[str]] = {}
    for claim in entity.addresses:
        if not claim.clears:
            domain = claim.value.rpartition("@")[2]
            by_domain.setdefault(domain, []).append(claim.source)
    for domain, sources in by_domain.items():
        own, line = _own_label(entity, domain)
        score = ADDRESS + own + _of_its_country(entity, domain)
        evidence = [f"address: {sources[0]}, at {domain}", line]
        yield domain, (score, f"{sources[0]} at {domain}", evidence)


def _of_links(entity: Entity) -> Iterator[tuple[str, _Finding]]:
    for claim in entity.linked:
        own, line = _own_label(entity, claim.value)
        score = LINKED + own + _of_its_country(entity, claim.value)
        yield claim.value, (score, claim.source, [f"mail: {claim.source}", line])


def _own_label(entity: Entity, domain: str) -> tuple[int, str]:
    if label := _resemblance(domain, (entity.name, *entity.aliases, *entity.weak_aliases)):
        return OWN_LABEL, f"domain: “{label}” is in the name, or its initials"
    return 0, f"look at: nothing in {domain} resembles the name; it may be a provider's"


def _of_its_country(entity: Entity, domain: str) -> int:
    return 10 if entity.country and domain.endswith(f".{entity.country.lower()}") else 0


def _resemblance(domain: str, names: Sequence[str]) -> str | None:
    """Give the label of a domain that has a name's rare word or its initials, if one has."""
    base = registrable(domain) or domain
    labels = [domain.removesuffix(base).rstrip("."), base.partition(".")[0]]
    for label in (label for each in labels for label in each.replace("-", ".").split(".") if label):
        for name in names:
            form = comparable_form(name)
            if _is_of(label, form):
                return label
    return None


def _is_of(label: str, form: ComparableForm) -> bool:
    words = [token.original for token in form.tokens if not is_legal_form(token.text)]
    initials = "".join(word[0] for word in words)
    if len(label) >= 3 and (label in (initials, initials[1:], form.squeezed)):
        return True
    if len(initials) >= 3 and label.startswith(initials):
        return True
    for word in words:
        if usual_weight(word) < DISTINCTIVE:
            continue
        if len(word) >= 4 and (word in label or (len(label) >= 4 and word.startswith(label))):
            return True
        if len(label) >= 4 and sound_key(word) == sound_key(label):
            return True
    return False


def _has_several_words(hit: Hit, index: NameIndex) -> bool:
    texts = comparable_form(hit.name).texts
    return sum(not is_legal_form(text) for text in texts) > 1 or any(
        index.weigh(text) >= DISTINCTIVE for text in texts[1:]
    )


def _is_initials(name: str) -> bool:
    """Whether a name is a short word in capitals: thousands of organisations share such names."""
    return len(name) <= 8 and name.isupper() and " " not in name.strip()
