import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.parsing.entry import Entry
from gateway.lists.same_institution import Groups
from gateway.model import Entity, Listing


def entry(id_, *identifiers, uid=None, list_="OFAC"):
    listings = (Listing(list_, None, uid or id_),)
    return Entry(id_, f"Name of {id_}", "file:1", listings, identifiers=identifiers)


def written(id_, *same_as, uids=(), list_="OFAC"):
    listings = tuple(Listing(list_, None, uid) for uid in uids)
    return Entity(id_, f"Name of {id_}", listings=listings, same_as=same_as)


def grouped(*sources, people=(), additions=()):
    """Give the groups as sets of ids, and those additions that found none."""
    groups = Groups()
    for entity in people:
        groups.add_written(entity)
    for number, entries in enumerate(sources):
        for each in entries:
            groups.add_entry(each, number)
    orphans = [each.id for each in additions if not groups.add_addition(each)]
    return {frozenset(ids(group)) for group in groups}, orphans


def ids(group):
    return [each.id for each in (*group.written, *group.entries)]


def test_the_same_name_alone_joins_nothing():
    twins = [Entry(id_, "Institute of Physics", "f:1", (Listing(id_, None, id_),)) for id_ in "ab"]
    assert grouped([twins[0]], [twins[1]])[0] == {frozenset("a"), frozenset("b")}


def test_an_identifier_that_lists_share_joins_them_across_three():
    ofac = entry("o", "ru-inn:1")
    eu = entry("e", "ru-inn:1", "un:qde.1", list_="EU")
    un = entry("u", "un:qde.1", list_="UN")
    for sources in ([ofac], [eu], [un]), ([un], [ofac], [eu]), ([eu], [un], [ofac]):
        assert grouped(*sources)[0] == {frozenset("oeu")}


def test_two_entries_of_one_list_that_share_a_number_stay_two():
    parent, branch = entry("p", "ru-inn:1"), entry("b", "ru-inn:1")
    other = entry("x", "ru-inn:1", list_="EU")
    assert grouped([parent, branch])[0] == {frozenset("p"), frozenset("b")}
    assert grouped([parent, branch], [other])[0] == {frozenset("px"), frozenset("b")}
    assert grouped([other], [parent, branch])[0] == {frozenset("px"), frozenset("b")}


def test_a_third_list_makes_no_bridge_between_two_entries_of_one():
    one, two = entry("1", "lei:1"), entry("2", "lei:2")
    bridge = entry("b", "lei:1", "lei:2", list_="EU")
    for sources in ([one, two], [bridge]), ([bridge], [one, two]):
        assert grouped(*sources)[0] == {frozenset("1b"), frozenset("2")}
    longer = entry("c", "lei:2", "un:1", list_="UN")
    bridge = entry("b", "lei:1", "un:1", list_="EU")
    for sources in ([one, two], [bridge], [longer]), ([longer], [bridge], [one, two]):
        found, _ = grouped(*sources)
        assert not any({"1", "2"} <= group for group in found)


def test_one_lists_number_is_one_institution_in_whichever_file_it_stands():
    assert grouped([entry("us-ofac-7", uid="7")], [entry("csl-7", uid="7")])[0] == {
        frozenset({"us-ofac-7", "csl-7"})
    }
    assert grouped([entry("a", uid="7")], [entry("b", uid="7", list_="EU")])[0] == {
        frozenset("a"),
        frozenset("b"),
    }


def test_what_a_person_wrote_is_found_by_its_id_and_by_the_lists_number():
    person = written("mine", uids=["7"])
    assert grouped([entry("us-ofac-7", uid="7")], people=[person])[0] == {
        frozenset({"mine", "us-ofac-7"})
    }
    assert grouped([entry("mine", uid="8")], people=[person])[0] == {frozenset({"mine"})}


def test_a_link_that_a_person_drew_joins_even_two_entries_of_one_list():
    person = written("mine", "eu:1", "eu:2")
    one, two = entry("1", "eu:1", list_="EU"), entry("2", "eu:2", list_="EU")
    assert grouped([one, two], people=[person])[0] == {frozenset({"mine", "1", "2"})}


def test_two_that_people_wrote_stay_two():
    both = entry("b", "eu:1", "eu:2")
    people = [written("x", "eu:1"), written("y", "eu:2")]
    assert grouped([both], people=people)[0] == {frozenset("xb"), frozenset("y")}


def test_a_group_that_is_met_by_two_identifiers_is_joined_once():
    eu = entry("e", "lei:1", "un:1", list_="EU")
    un = entry("u", "ru-inn:1", list_="UN")
    us = entry("o", "ru-inn:1", "lei:1", "un:1")
    groups = Groups()
    for number, each in enumerate((eu, un, us)):
        groups.add_entry(each, number)
    (group,) = groups
    assert sorted(ids(group)) == ["e", "o", "u"]
    # An addition finds it by the id of one that was taken in, too.
    assert groups.add_addition(Entity("e", ""))
    assert [each.id for each in group.additions] == ["e"]


def test_an_addition_reaches_its_entity_wherever_that_has_gone():
    person = written("mine", "eu:1")
    listed = entry("eu-1", "eu:1", list_="EU")
    groups = Groups()
    groups.add_written(person)
    groups.add_entry(listed, 0)
    assert groups.add_addition(Entity("eu-1", ""))
    assert groups.add_addition(Entity("mine", ""))
    assert not groups.add_addition(Entity("nobody", ""))
    (group,) = groups
    assert [each.id for each in group.additions] == ["eu-1", "mine"]


# ── whatever the lists ───────────────────────────────────────────────────────────────────────

_IDENTIFIERS = st.lists(st.sampled_from(["lei:1", "lei:2", "un:1", "ru-inn:1"]), unique=True)


@st.composite
def _lists(draw):
    """Up to four lists with up to five entries each; no number stands twice in a list."""
    return [
        [
            entry(f"{name}-{number}", *draw(_IDENTIFIERS), list_=name)
            for number in range(draw(st.integers(0, 5)))
        ]
        for name in "ABCD"[: draw(st.integers(1, 4))]
    ]


@given(_lists(), st.randoms(use_true_random=False))
def test_in_any_order_none_is_lost_and_no_two_of_a_list_become_one(sources, random):
    shuffled = random.sample(sources, len(sources))
    for order in (sources, shuffled):
        found, _ = grouped(*order)
        named = [id_ for group in found for id_ in group]
        assert sorted(named) == sorted(each.id for entries in order for each in entries)
        for group in found:
            lists = [id_.partition("-")[0] for id_ in group]
            assert len(lists) == len(set(lists)), "two entries of one list became one"


@given(_lists())
def test_whatever_is_joined_hangs_together_by_identifiers(sources):
    entries = {each.id: set(each.identifiers) for some in sources for each in some}
    for group in grouped(*sources)[0]:
        reached, waiting = set(), [next(iter(group))]
        while waiting:
            at = waiting.pop()
            reached.add(at)
            waiting += [other for other in group - reached if entries[at] & entries[other]]
        assert reached == group


@given(_lists(), st.lists(_IDENTIFIERS, max_size=2))
def test_what_people_wrote_is_never_lost_and_never_joined(sources, links):
    people = [written(f"person-{number}", *same) for number, same in enumerate(links)]
    found, _ = grouped(*sources, people=people)
    for person in people:
        assert len([group for group in found if person.id in group]) == 1
    assert not any(len([id_ for id_ in group if id_.startswith("person")]) > 1 for group in found)


@pytest.mark.parametrize("count", [3])
def test_the_groups_come_in_the_order_in_which_they_were_met(count):
    groups = Groups()
    for number in range(count):
        groups.add_entry(entry(str(number)), 0)
    assert [ids(group) for group in groups] == [["0"], ["1"], ["2"]]
