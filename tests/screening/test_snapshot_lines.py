from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Claim, Entity, Listing
from gateway.screening import snapshot_lines
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot_lines import MalformedLineError

PEOPLE = MailboxKinds(
    {"a.com": "A"}, {"b.com": "B"}, frozenset("r"), frozenset("f"), frozenset("u")
)
TEXT = st.text(min_size=1, max_size=8)
DAYS = st.none() | st.dates(date(1990, 1, 1), date(2100, 1, 1))
LISTINGS = st.builds(
    Listing, TEXT, st.none() | TEXT, st.none() | TEXT, DAYS, DAYS, DAYS, DAYS, st.none() | TEXT
)
CLAIMS = st.builds(Claim, TEXT, TEXT, st.none() | TEXT, DAYS, st.booleans())


def several(values):
    return st.lists(values, max_size=3, unique=True).map(
        lambda found: tuple(sorted(found, key=repr))
    )


ENTITIES = st.builds(
    Entity,
    st.text("abc019.-", min_size=1, max_size=9),
    TEXT,
    several(TEXT),
    st.none() | st.just("RU"),
    several(LISTINGS),
    several(CLAIMS),
    several(CLAIMS),
    several(TEXT),
    several(TEXT),
    several(CLAIMS),
)


def in_order(entity):
    return [
        sorted(getattr(entity, name), key=repr)
        for name in (
            "aliases",
            "listings",
            "domains",
            "addresses",
            "weak_aliases",
            "same_as",
            "linked",
        )
    ]


@given(ENTITIES)
def test_an_entity_comes_back_from_its_line(entity):
    _, line = snapshot_lines.lines([entity], PEOPLE)
    found = snapshot_lines.entity_of(line)
    assert (found.id, found.name, found.country) == (entity.id, entity.name, entity.country)
    assert in_order(found) == in_order(entity)
    assert snapshot_lines.id_of(line) == entity.id
    assert snapshot_lines.has_claims(line) is bool(
        entity.domains or entity.addresses or entity.linked
    )
    assert list(snapshot_lines.lines([found], PEOPLE))[1] == line


def test_people_come_back_from_the_first_line():
    (line,) = snapshot_lines.lines([], PEOPLE)
    assert snapshot_lines.mailbox_kinds_of(line) == PEOPLE


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'["a"]', b"[1", b'"a"', b"\xff"])
def test_what_is_no_line_is_refused(line):
    for read in (snapshot_lines.entity_of, snapshot_lines.mailbox_kinds_of):
        with pytest.raises(MalformedLineError):
            read(line)


def test_a_line_without_an_id_is_refused():
    for line in (b"", b"[1,2]", b'["abc'):
        with pytest.raises(MalformedLineError):
            snapshot_lines.id_of(line)
