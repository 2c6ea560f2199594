from dataclasses import fields, replace
from datetime import date

import pytest

from gateway.addresses.canonical_mailbox import MailboxFamily
from gateway.model import Claim, Entity, Listing
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot_digest import digest_of

DAY = date(2026, 11, 22)
PEOPLE = MailboxKinds(
    {"a.com": "A"},
    {"b.com": "B"},
    frozenset("r"),
    frozenset("f"),
    frozenset("u"),
    frozenset(["c.com"]),
    (MailboxFamily(("a.com", "d.com"), dots_count=False),),
)
LISTING = Listing("L", "P", "1", DAY, DAY, DAY, DAY, "s")
CLAIM = Claim("a.ru", "s", "r", DAY)
ENTITY = Entity(
    "e", "E", ("a", "b"), "RU", (LISTING,), (CLAIM,), (CLAIM,), ("w",), ("s:1",), (CLAIM,)
)
OTHER = {
    str: "other",
    bool: True,
    int: 7,
    date: date(2020, 1, 1),
    tuple: (),
    dict: {},
    frozenset: frozenset(),
}


def other(value):
    return OTHER[type(value)]


@pytest.mark.parametrize("name", [field.name for field in fields(Listing)])
def test_every_field_of_a_listing_counts(name):
    changed = replace(LISTING, **{name: other(getattr(LISTING, name))})
    assert digest_of([replace(ENTITY, listings=(changed,))], PEOPLE) != digest_of([ENTITY], PEOPLE)


@pytest.mark.parametrize("name", [field.name for field in fields(Claim)])
@pytest.mark.parametrize("place", ["domains", "addresses"])
def test_every_field_of_a_claim_counts(name, place):
    changed = replace(CLAIM, **{name: other(getattr(CLAIM, name))})
    altered = replace(ENTITY, **{place: (changed,)})
    assert digest_of([altered], PEOPLE) != digest_of([ENTITY], PEOPLE)


@pytest.mark.parametrize("name", [field.name for field in fields(Entity)])
def test_every_field_of_an_entity_counts(name):
    altered = replace(ENTITY, **{name: other(getattr(ENTITY, name))})
    assert digest_of([altered], PEOPLE) != digest_of([ENTITY], PEOPLE)


@pytest.mark.parametrize("name", [field.name for field in fields(MailboxKinds)])
def test_every_part_of_what_is_known_of_people_counts(name):
    altered = replace(PEOPLE, **{name: other(getattr(PEOPLE, name))})
    assert digest_of([ENTITY], altered) != digest_of([ENTITY], PEOPLE)


def test_order_means_nothing():
    two = replace(LISTING, programme=None)
    one = replace(ENTITY, listings=(LISTING, two), domains=(CLAIM, replace(CLAIM, value="b.ru")))
    turned = replace(
        one, aliases=("b", "a"), listings=one.listings[::-1], domains=one.domains[::-1]
    )
    last = replace(ENTITY, id="z")
    assert digest_of([one, last], PEOPLE) == digest_of([last, turned], PEOPLE)


def test_no_entities_have_a_digest_too():
    assert len(digest_of([], PEOPLE)) == len("sha256:") + 64
