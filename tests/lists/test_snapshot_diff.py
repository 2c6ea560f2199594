from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.snapshot_diff import (
    Change,
    ChangedPart,
    ChangeKind,
    changed_ids,
    changes,
    described,
)
from gateway.model import Claim, Entity, Listing

LISTING = Listing("OFAC", "SDGT", "7")
CLAIM = Claim("x.ru", "a register", "A. Reviewer", date(2026, 11, 22))
ENTITY = Entity("a", "Institute", ("I",), "RU", (LISTING,), (CLAIM,))


def between(old, new):
    """Give what changed of one entity as (what, how, value, before, after)."""
    found = changes({old.id: old} if old else {}, {new.id: new} if new else {})
    return [(each.what, each.how, each.value, each.before, each.after) for each in found]


def test_s10_nothing_changed_between_equals():
    assert between(ENTITY, ENTITY) == []
    assert changes({}, {}) == []


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (
            {"name": "University"},
            (ChangedPart.NAME, ChangeKind.CHANGED, "University", "Institute", "University"),
        ),
        ({"country": "BY"}, (ChangedPart.COUNTRY, ChangeKind.CHANGED, "BY", "RU", "BY")),
        ({"country": None}, (ChangedPart.COUNTRY, ChangeKind.REMOVED, "RU", "RU", None)),
        ({"aliases": ()}, (ChangedPart.ALIAS, ChangeKind.REMOVED, "I", "alias", None)),
        ({"aliases": ("I", "J")}, (ChangedPart.ALIAS, ChangeKind.ADDED, "J", None, "alias")),
        (
            {"aliases": (), "weak_aliases": ("I",)},
            (ChangedPart.ALIAS, ChangeKind.CHANGED, "I", "alias", "weak alias"),
        ),
        ({"same_as": ("un:1",)}, (ChangedPart.SAME_AS, ChangeKind.ADDED, "un:1", None, "same")),
        (
            {"listings": (replace(LISTING, delisted_on=date(2026, 11, 1)),)},
            (
                ChangedPart.LISTING,
                ChangeKind.CHANGED,
                "OFAC SDGT 7",
                "listed",
                "delisted on 2026-11-01",
            ),
        ),
        (
            {"listings": (LISTING, replace(LISTING, programme="IFSR"))},
            (ChangedPart.LISTING, ChangeKind.ADDED, "OFAC IFSR 7", None, "listed"),
        ),
        (
            {"domains": ()},
            (
                ChangedPart.DOMAIN,
                ChangeKind.REMOVED,
                "x.ru",
                "a register, reviewed 2026-11-22",
                None,
            ),
        ),
        (
            {"domains": (replace(CLAIM, clears=True),)},
            (
                ChangedPart.DOMAIN,
                ChangeKind.CHANGED,
                "x.ru",
                "a register, reviewed 2026-11-22",
                "a register, reviewed 2026-11-22 (taken out)",
            ),
        ),
        (
            {"addresses": (Claim("a@b.ru", "OFAC 7, e-mail address"),)},
            (ChangedPart.ADDRESS, ChangeKind.ADDED, "a@b.ru", None, "OFAC 7, e-mail address"),
        ),
        (
            {"linked": (Claim("y.ru", "MX"),)},
            (ChangedPart.LINKED, ChangeKind.ADDED, "y.ru", None, "MX"),
        ),
    ],
)
def test_s10_each_part_of_an_institution_is_told_with_how_it_was_and_is(new, expected):
    assert between(ENTITY, replace(ENTITY, **new)) == [expected]


def test_s10_one_that_came_or_went_is_told_with_all_it_has():
    came = between(None, ENTITY)
    assert [(what, how, value) for what, how, value, _, _ in came] == [
        (ChangedPart.ENTITY, ChangeKind.ADDED, "Institute"),
        (ChangedPart.ALIAS, ChangeKind.ADDED, "I"),
        (ChangedPart.LISTING, ChangeKind.ADDED, "OFAC SDGT 7"),
        (ChangedPart.DOMAIN, ChangeKind.ADDED, "x.ru"),
    ]
    went = between(ENTITY, None)
    assert [(what, value) for what, _, value, _, _ in went] == [
        (what, value) for what, _, value, _, _ in came
    ]
    assert {how for _, how, *_ in went} == {ChangeKind.REMOVED}


def test_one_whose_id_alone_is_another_is_known_by_its_number():
    (change,) = changes({"a": ENTITY}, {"b": replace(ENTITY, id="b")})
    assert change == Change("b", "Institute", ChangedPart.ID, ChangeKind.CHANGED, "b", "a", "b")
    assert changed_ids([change]) == {"a", "b"}


def test_one_that_another_took_in_is_gone():
    other = Entity("b", "Other")
    both = replace(other, listings=(LISTING,))
    found = changes({"a": ENTITY, "b": other}, {"b": both})
    assert (found[0].entity, found[0].what, found[0].how) == (
        "a",
        ChangedPart.ENTITY,
        ChangeKind.REMOVED,
    )
    assert changed_ids(found) == {"a", "b"}


def test_without_a_number_an_id_is_all_that_is_known():
    bare = replace(ENTITY, listings=(Listing("BIS", None, None),))
    found = changes({"a": bare}, {"b": replace(bare, id="b")})
    assert [each.how for each in found if each.what is ChangedPart.ENTITY] == [
        ChangeKind.REMOVED,
        ChangeKind.ADDED,
    ]


def test_two_orders_without_a_number_are_both_told():
    first, second = (Listing("BIS", None, None, date(year, 1, 1)) for year in (2009, 2024))
    (found,) = between(
        replace(ENTITY, listings=(first,)), replace(ENTITY, listings=(first, second))
    )
    assert found == (
        ChangedPart.LISTING,
        ChangeKind.CHANGED,
        "BIS",
        "listed on 2009-01-01",
        "listed on 2009-01-01; listed on 2024-01-01",
    )


def test_another_order_of_the_same_parts_is_no_change():
    one = replace(ENTITY, aliases=("I", "J"), listings=(LISTING, replace(LISTING, uid="8")))
    other = replace(one, aliases=one.aliases[::-1], listings=one.listings[::-1])
    assert between(one, other) == []


def test_a_change_on_one_line():
    (change,) = changes({"a": ENTITY}, {"a": replace(ENTITY, domains=())})
    assert str(change) == "domain removed: x.ru"


def test_a_designation_names_its_days():
    listing = replace(LISTING, listed_on=date(2022, 8, 2), wind_down_until=date(2022, 8, 31))
    assert described(listing) == "listed on 2022-08-02, wind down until 2022-08-31"


_ENTITIES = st.dictionaries(
    st.sampled_from("abcd"),
    st.builds(
        Entity,
        st.just(""),
        st.sampled_from(("M", "N")),
        aliases=st.lists(st.sampled_from("IJK"), unique=True).map(tuple),
        domains=st.lists(st.sampled_from(("x.ru", "y.ru")), unique=True).map(
            lambda names: tuple(Claim(name, "s") for name in names)
        ),
        listings=st.lists(st.sampled_from("123"), unique=True).map(
            lambda uids: tuple(Listing("L", None, uid) for uid in uids)
        ),
    ),
).map(lambda found: {id_: replace(each, id=id_) for id_, each in found.items()})


@given(_ENTITIES, _ENTITIES)
def test_s10_there_and_back_is_the_same_the_other_way_round(before, after):
    def domains(found, how):
        return sorted(
            each.value for each in found if each.what is ChangedPart.DOMAIN and each.how is how
        )

    there, back = changes(before, after), changes(after, before)
    assert there == changes(before, after)
    assert [each.entity for each in there] == sorted(each.entity for each in there)
    # Whether an institution is known again under another id may differ; what it holds does not.
    for values, way in ((before, there), (after, back)):
        held = sorted(claim.value for each in values.values() for claim in each.domains)
        kept = list(held)
        for value in domains(way, ChangeKind.REMOVED):
            kept.remove(value)
        other = after if values is before else before
        wanted = sorted(claim.value for each in other.values() for claim in each.domains)
        assert sorted(kept + domains(way, ChangeKind.ADDED)) == wanted
