from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.domain_name import ancestry
from gateway.model import Claim, Entity
from gateway.screening.domain_index import DomainIndex, EntityClaim

label = st.sampled_from(["a", "b", "sk", "kursk", "mipt", "ru", "edu", "cn"])
domain = st.lists(label, min_size=1, max_size=6).map(".".join)


def index_of(*domains):
    return DomainIndex(
        EntityClaim(Entity(f"id-{i}", "x"), Claim(d, "s", "r", None)) for i, d in enumerate(domains)
    )


def names(index, domain):
    return [name for name, _ in index.matches(domain)]


def test_s01_matches_lie_on_label_boundaries():
    index = index_of("sk.ru", "hit.edu.cn")
    assert names(index, "sk.ru") == ["sk.ru"]
    assert names(index, "a.sk.ru") == ["sk.ru"]
    assert names(index, "kursk.ru") == []
    assert names(index, "hhit.edu.cn") == []
    assert names(index, "sk.ru.example.org") == []
    assert names(index, "ru") == []


def test_s01_the_longest_entry_comes_first():
    index = index_of("mipt.ru", "lab.mipt.ru")
    assert names(index, "x.lab.mipt.ru") == ["lab.mipt.ru", "mipt.ru"]


def test_several_holders_of_one_domain_stand_by_id():
    index = index_of("a.ru", "a.ru")
    ((_, holdings),) = index.matches("a.ru")
    assert [holding.entity.id for holding in holdings] == ["id-0", "id-1"]


@given(st.lists(domain, max_size=12), domain)
def test_s01_the_index_finds_what_a_search_over_all_suffixes_finds(claimed, wanted):
    index = index_of(*claimed)
    assert names(index, wanted) == [name for name in ancestry(wanted) if name in claimed]
    assert index.covers(wanted) is any(name in claimed for name in ancestry(wanted))
    assert len(index) == len(set(claimed)) == len(list(index))
    assert (wanted in index) is (wanted in claimed)
