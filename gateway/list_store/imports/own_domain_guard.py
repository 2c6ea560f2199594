"""The guard against our own domain on a list: every internal message would be a match.

A list with a slip, an own list with a row too many, or an accepted proposal can name the
institution's own domain, a domain above it, or a part of it. Nothing stops for that: the lists may
be right, about one laboratory, say. It is told loudly, wherever a snapshot is put in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.domain_name import ancestry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.screening.domain_index import EntityClaim
    from gateway.screening.snapshot import Snapshot


def listed_own_domains(domains: Iterable[str], snapshot: Snapshot) -> list[str]:
    """Say which of our domains a snapshot holds for somebody else's, a line each.

    ``domains`` are ``institution.domains``, in normal form; what lies below them is ours too. A
    domain that an entities file takes out again (``clears``) is nobody's.
    """
    ours = set(domains)
    told = [line for domain in sorted(ours) for line in _above(domain, snapshot)]
    for name, entity_claims in snapshot.domains.items():
        if (domain := _inside(name, ours)) is not None and name not in ours:
            told += _lines(f"{name}, below your own {domain},", "domain", entity_claims)
    for host, mailboxes in snapshot.addresses.items():
        if _inside(host, ours) is not None:
            for entity_claims in mailboxes.values():
                told += _lines(
                    f"{entity_claims[0].claim.value}, at your own domain,", "address", entity_claims
                )
    return told


def _above(domain: str, snapshot: Snapshot) -> Iterator[str]:
    """The closest claim at or above a domain of ours, unless it clears."""
    for name, entity_claims in snapshot.domains.matches(domain):
        what = f"{domain}, your own," if name == domain else f"{name}, above your own {domain},"
        yield from _lines(what, "domain", entity_claims)
        return


def _inside(name: str, ours: set[str]) -> str | None:
    return next((each for each in ancestry(name) if each in ours), None)


def _lines(what: str, kind: str, entity_claims: tuple[EntityClaim, ...]) -> Iterator[str]:
    if any(entity_claim.claim.clears for entity_claim in entity_claims):
        return
    for entity_claim in entity_claims:
        entity = entity_claim.entity
        yield (
            f"{what} is listed as {_article(kind)} of {entity.name} ({entity.id}): "
            f"{entity_claim.claim.evidence}. Mail to it is matched; if that is wrong, take it out "
            f"with `clears = true` under {entity.id} in an entities file of your own"
        )


def _article(kind: str) -> str:
    return f"an {kind}" if kind == "address" else f"a {kind}"
