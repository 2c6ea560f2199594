from datetime import date

import pytest

from gateway.model import Claim, Entity, Listing
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot import build


@pytest.fixture
def people():
    return MailboxKinds(
        personal={"gmail.com": "Google", "mail.ru": "VK", "privaterelay.appleid.com": "Relays"},
        shared={"wordpress.com": "Sites", "github.io": "Sites"},
        roles=frozenset({"info", "dekanat", "dean", "postmaster", "деканат"}),
        families=frozenset({"info", "dekanat", "деканат"}),
        alumni=frozenset({"alumni", "alum", "alu.cn"}),
    )


@pytest.fixture
def claim():
    def make(value, *, clears=False):
        return Claim(value, f"source of {value}", "A. Reviewer", date(2026, 11, 22), clears)

    return make


@pytest.fixture
def entity(claim):
    """Make an entity from its id, its domains (``-x`` clears x), addresses and listings."""

    def make(id_, domains=(), addresses=(), listings=None):
        return Entity(
            id_,
            f"Name of {id_}",
            country="RU",
            listings=(Listing("LIST", "PROG", "1"),) if listings is None else tuple(listings),
            domains=tuple(claim(d.removeprefix("-"), clears=d.startswith("-")) for d in domains),
            addresses=tuple(
                claim(a.removeprefix("-"), clears=a.startswith("-")) for a in addresses
            ),
        )

    return make


@pytest.fixture
def snapshot(entity, people):
    """Make a snapshot of entities, or of the one described."""

    def make(*entities):
        return build(entities, people)

    return make
