from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Claim, Entity
from gateway.screening import snapshot_lines
from gateway.screening.lazy_entities import LazyEntities
from gateway.screening.recipient_kind import MailboxKinds

NOBODY = MailboxKinds({}, {}, frozenset(), frozenset(), frozenset())
CLAIM = Claim("x.ru", "s")


def roster(*entities):
    _, *lines = snapshot_lines.lines(entities, NOBODY)
    return LazyEntities(lines)


def test_entities_are_found_by_id_and_counted():
    one, two = Entity("a", "A"), Entity("b", "B", domains=(CLAIM,))
    found = roster(two, one)
    assert found["a"] == one
    assert found["b"] == two
    assert list(found) == ["a", "b"]
    assert len(found) == 2
    assert "a" in found
    assert "c" not in found
    assert 7 not in found
    with pytest.raises(KeyError):
        found["c"]
    assert dict(found) == {"a": one, "b": two}


def test_only_those_that_can_be_reached_are_given_for_the_indices():
    entities = [
        Entity("a", "A"),
        Entity("b", "B", domains=(CLAIM,)),
        Entity("c", "C", addresses=(replace(CLAIM, value="a@x.ru"),)),
        Entity("d", "D", linked=(CLAIM,)),
    ]
    assert [each.id for each in roster(*entities).with_claims()] == ["b", "c", "d"]


def test_s10_differences_are_found_without_reading_a_line():
    before = roster(Entity("a", "A"), Entity("b", "B"), Entity("c", "C"))
    after = roster(Entity("b", "B"), Entity("c", "C2"), Entity("d", "D"))
    assert before.differences(after) == ["a", "c", "d"]
    assert before.differences(before) == []
    assert LazyEntities([b'["a",broken']).differences(LazyEntities([b'["a",also'])) == ["a"]


@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("MN")),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("MN")),
)
def test_s10_differences_are_those_of_the_entities(one, other):
    rosters = [roster(*(Entity(*each) for each in some.items())) for some in (one, other)]
    wanted = sorted(id_ for id_ in one | other if one.get(id_) != other.get(id_))
    assert rosters[0].differences(rosters[1]) == wanted
