import functools
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.address_text import from_text
from gateway.lists import catalogue
from gateway.lists.merge import merge
from gateway.lists.overrides import OverrideKey, read_overrides
from gateway.lists.parsing.entry import Entry
from gateway.model import Claim, Entity, Listing
from gateway.screening import snapshot_lines
from gateway.screening.classify import classify
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot import build, from_lines, read
from gateway.screening.unlistable_domains import why_unlistable

POLICIES = Path(__file__).parents[2] / "policies"
DAY = date(2026, 11, 22)
OFAC = Listing("OFAC", "SDGT", "7", source="the list")


def guard(domain):
    return "a shared host" if domain == "shared.example" else None


def entry(id_="ofac-7", name="LISTED INSTITUTE", listings=(OFAC,), **more):
    return Entry(id_, name, "sdn.csv:1", tuple(listings), **more)


def person(id_="mine", name="Listed Institute", listings=(OFAC,), **more):
    return Entity(id_, name, listings=tuple(listings), **more)


def accepted(value, *, clears=False):
    return Claim(value, "a register", "A. Reviewer", DAY, clears)


def merged(*sources, people=(), overrides=None, additions=()):
    return merge(people, sources, overrides or {}, guard, additions)


def only(*sources, **more):
    (entity,) = merged(*sources, **more).entities
    return entity


def values(claims):
    return [claim.value for claim in claims]


def test_what_a_person_wrote_goes_before_what_a_list_says():
    wrote = person(country="RU", aliases=("LI",), domains=(accepted("a.ru"),))
    listed = entry(aliases=("LI", "INSTITUTE, LISTED"), country="BY", websites=("www.a.ru b.ru",))
    found = only([listed], people=[wrote])
    assert (found.id, found.name, found.country) == ("mine", "Listed Institute", "RU")
    assert found.aliases == ("LISTED INSTITUTE", "LI", "INSTITUTE, LISTED")
    assert found.domains == (
        accepted("a.ru"),
        Claim("b.ru", "OFAC 7, website b.ru"),
    )


def test_an_earlier_list_goes_before_a_later_one():
    eu = entry("eu-1", "Later", [Listing("EU", None, "1")], identifiers=("ofac:7",), country="RU")
    ofac = entry(identifiers=("ofac:7",))
    assert only([ofac], [eu]).id == "ofac-7"
    assert only([eu], [ofac]).id == "eu-1"
    assert only([ofac], [eu]).country == only([eu], [ofac]).country == "RU"


def test_a_list_fills_in_the_dates_that_a_person_did_not_know():
    listed = replace(OFAC, listed_on=date(2022, 8, 2), source="the list, entry 7")
    wrote = person(listings=[replace(OFAC, effective_from=date(2022, 8, 3), source="read")])
    (listing,) = only([entry(listings=[listed])], people=[wrote]).listings
    assert listing == replace(
        OFAC, listed_on=date(2022, 8, 2), effective_from=date(2022, 8, 3), source="read"
    )


def test_a_date_that_a_person_wrote_stays():
    wrote = person(listings=[replace(OFAC, delisted_on=DAY)])
    listed = entry(listings=[replace(OFAC, delisted_on=date(2030, 1, 1))])
    assert only([listed], people=[wrote]).listings[0].delisted_on == DAY


def test_a_number_without_its_programme_takes_the_lists_programmes():
    wrote = person(listings=[replace(OFAC, programme=None, listed_on=DAY)])
    found = only([entry(listings=[OFAC, replace(OFAC, programme="IFSR")])], people=[wrote])
    assert [each.programme for each in found.listings] == ["SDGT", "IFSR"]
    assert found.listings[0].listed_on == DAY


def test_two_orders_of_a_list_without_numbers_stay_two():
    orders = [
        Listing("BIS", None, None, listed_on=date(2009, 1, 1), delisted_on=date(2019, 1, 1)),
        Listing("BIS", None, None, listed_on=date(2024, 1, 1)),
    ]
    assert only([entry(listings=orders)]).listings == tuple(orders)


def test_websites_and_addresses_become_claims_with_the_lists_own_words():
    found = only([entry(websites=("http://www.x.ru/en",), emails=("Office@X.ru",))])
    assert found.domains == (Claim("x.ru", "OFAC 7, website http://www.x.ru/en"),)
    assert found.addresses == (Claim("office@x.ru", "OFAC 7, e-mail address"),)


def test_a_domain_that_a_list_states_outright_passes_the_guard_as_well():
    found = merged([entry(domains=("x.ru", "shared.example"))])
    (entity,) = found.entities
    assert entity.domains == (Claim("x.ru", "OFAC 7, domain"),)
    assert [(each.entity, each.text) for each in found.refused] == [("ofac-7", "shared.example")]


def test_s03_what_is_refused_is_told_with_the_institution():
    listed = entry(websites=("www.shared.example/x", "no host"), emails=("nobody",))
    found = merged([listed], people=[person()])
    assert [(each.entity, each.text) for each in found.refused] == [
        ("mine", "www.shared.example/x"),
        ("mine", "no host"),
        ("mine", "nobody"),
    ]
    assert not found.entities[0].domains


def test_a_website_that_several_name_is_claimed_by_each_and_told():
    one, two = entry(websites=("x.ru",)), entry("ofac-8", "Other", websites=("www.x.ru",))
    two = replace(two, listings=(replace(OFAC, uid="8"),))
    found = merged([one, two])
    assert [values(each.domains) for each in found.entities] == [["x.ru"], ["x.ru"]]
    assert found.shared == {"x.ru": ("ofac-7", "ofac-8")}


def test_a_domain_that_one_holds_and_another_clears_is_not_shared():
    other = entry("ofac-8", "Other", [replace(OFAC, uid="8")], websites=("x.ru",))
    wrote = person(domains=(accepted("x.ru", clears=True),))
    assert merged([other], people=[wrote]).shared == {}


def test_what_a_person_cleared_is_not_brought_back_by_the_list():
    wrote = person(domains=(accepted("x.ru", clears=True),))
    assert only([entry(websites=("x.ru",))], people=[wrote]).domains == (
        accepted("x.ru", clears=True),
    )


def test_an_addition_reaches_its_institution_and_goes_before_the_list():
    more = Entity("ofac-7", "", domains=(accepted("x.ru"),), addresses=(accepted("a@b.ru"),))
    found = only([entry(websites=("x.ru y.ru",))], additions=[more])
    assert found.domains == (accepted("x.ru"), Claim("y.ru", "OFAC 7, website y.ru"))
    assert values(found.addresses) == ["a@b.ru"]


def test_an_addition_for_nobody_is_told():
    assert merged([entry()], additions=[Entity("gone", "")]).orphans == ("gone",)


def test_a_weak_alias_that_is_a_strong_one_elsewhere_is_strong():
    eu = entry("eu-1", "X", [Listing("EU", None, "1")], identifiers=("i:1",), aliases=("LI",))
    ofac = entry(identifiers=("i:1",), weak_aliases=("LI", "L"))
    found = only([ofac], [eu])
    assert (found.aliases, found.weak_aliases) == (("X", "LI"), ("L",))


def test_the_identifiers_that_a_person_gave_are_kept():
    assert only([], people=[person(same_as=("un:1",))]).same_as == ("un:1",)


# ── overrides ────────────────────────────────────────────────────────────────────────────────

SLIP = OverrideKey("OFAC", "7", "en.x.ac/ir")


def test_an_override_takes_the_place_of_what_the_text_says():
    found = merged(
        [entry(websites=("http://en.x.ac/ir/", "y.ru"))], overrides={SLIP: accepted("x.ac.ir")}
    )
    (entity,) = found.entities
    assert values(entity.domains) == ["x.ac.ir", "y.ru"]
    assert found.used == {SLIP}


def test_an_override_without_a_domain_takes_nothing_and_refuses_nothing():
    found = merged([entry(websites=("http://en.x.ac/ir/",))], overrides={SLIP: None})
    assert not found.entities[0].domains
    assert not found.refused
    assert found.used == {SLIP}


def test_an_override_finds_its_text_among_others_in_the_field():
    listed = entry(websites=("www.y.ru; http://en.x.ac/ir/",))
    assert values(only([listed], overrides={SLIP: accepted("x.ac.ir")}).domains) == [
        "y.ru",
        "x.ac.ir",
    ]


def test_an_override_may_give_a_domain_where_the_text_was_refused():
    key = OverrideKey("OFAC", "7", "x.corn")
    listed = entry(websites=("https://x.corn/",))
    assert values(only([listed], overrides={key: accepted("x.com")}).domains) == ["x.com"]


def test_an_override_holds_for_every_list_that_copies_the_slip():
    copy = entry(
        "ftm-1", "X", [Listing("FTM", None, "1")], identifiers=("i:1",), websites=("en.x.ac/ir",)
    )
    ofac = entry(identifiers=("i:1",), websites=("http://en.x.ac/ir/",))
    for sources in ([ofac], [copy]), ([copy], [ofac]):
        found = only(*sources, overrides={SLIP: accepted("x.ac.ir")})
        assert values(found.domains) == ["x.ac.ir"]


def test_an_override_is_for_its_own_institution_alone():
    other = entry("ofac-8", "Other", [replace(OFAC, uid="8")], websites=("http://en.x.ac/ir/",))
    found = merged([other], overrides={SLIP: accepted("x.ac.ir")})
    assert values(found.entities[0].domains) == ["x.ac"]
    assert not found.used


# ── whatever the lists ───────────────────────────────────────────────────────────────────────


@st.composite
def _sources(draw):
    hosts = st.lists(st.sampled_from(["a.ru", "www.b.ru", "c.ru", "shared.example"]), max_size=2)
    numbers = st.lists(st.sampled_from(["i:1", "i:2", "i:3"]), max_size=2)
    return [
        [
            entry(
                f"{name}-{number}",
                f"Name {number}",
                [Listing(name, None, str(number), listed_on=draw(st.none() | st.just(DAY)))],
                websites=tuple(draw(hosts)),
                identifiers=tuple(draw(numbers)),
            )
            for number in range(draw(st.integers(0, 4)))
        ]
        for name in "ABC"
    ]


@given(_sources())
def test_no_designation_and_no_domain_is_lost(sources):
    found = merged(*sources)
    listings = [each for entity in found.entities for each in entity.listings]
    given_in = [each for some in sources for one in some for each in one.listings]
    assert sorted(listings, key=str) == sorted(given_in, key=str)
    for some in sources:
        for one in some:
            (entity,) = (each for each in found.entities if one.listings[0] in each.listings)
            wanted = {text.removeprefix("www.") for text in one.websites} - {"shared.example"}
            assert wanted <= set(values(entity.domains))
    assert [each.id for each in found.entities] == sorted({each.id for each in found.entities})


@given(_sources())
def test_the_order_of_the_lists_changes_no_domain_s_being_listed(sources):
    def domains(found):
        return {claim.value for entity in found.entities for claim in entity.domains}

    assert domains(merged(*sources)) == domains(merged(*reversed(sources)))


# ── the real lists ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def real_lists(data_path):
    """What the lists at hand hold, read and merged as an import does it."""
    files = {
        "us-ofac-sdn": [f"ofac/{name}.csv" for name in ("sdn", "alt", "add", "sdn_comments")],
        "us-ofac-non-sdn": [
            f"ofac/{name}.csv" for name in ("cons_prim", "cons_alt", "cons_add", "cons_comments")
        ],
        "us-csl": ["csl/consolidated-older.csv"],
        "eu-fsf": ["eu/sample.xml"],
        "un-sc": ["un/consolidated.xml"],
    }
    written = read(POLICIES)
    people_guard = functools.partial(why_unlistable, mailbox_kinds=written.mailbox_kinds)
    from gateway.lists.parsing.untrusted_file import UntrustedFile  # noqa: PLC0415

    sources = {}
    for name, paths in files.items():
        source = catalogue.find_source(name)
        format_, roles = catalogue.format_for(source, paths)
        streams = {role: data_path(path).open("rb") for role, path in roles.items()}
        parts = {role: UntrustedFile(role, stream) for role, stream in streams.items()}
        sources[name] = [each for each in format_.reader(parts) if isinstance(each, Entry)]
        for stream in streams.values():
            stream.close()
    overrides = read_overrides(POLICIES / "overrides.toml", people_guard)
    found = merge(written.entities, sources.values(), overrides, people_guard, written.additions)
    return written, sources, found


@pytest.mark.data
def test_the_real_lists_together_lose_nobody_and_join_sparingly(real_lists):
    written, sources, found = real_lists
    total = sum(map(len, sources.values()))
    assert total > 7500
    assert len(found.entities) <= total + len(written.entities)
    # What joins them is OFAC's own number; nothing makes two of its entries one.
    for entity in found.entities:
        for name in ("US-OFAC-SDN", "UN-SC"):
            assert len({each.uid for each in entity.listings if each.list == name}) <= 1
    numbers = {each.uid for one in sources["us-ofac-sdn"] for each in one.listings}
    after = {
        each.uid
        for entity in found.entities
        for each in entity.listings
        if each.list == "US-OFAC-SDN"
    }
    assert numbers <= after


@pytest.mark.data
def test_the_real_slip_of_30625_lists_the_university_and_not_miu_ac(real_lists):
    _, _, found = real_lists
    (university,) = (each for each in found.entities if each.id == "us-ofac-30625")
    assert values(university.domains) == ["miu.ac.ir"]
    assert not any("miu.ac" in values(each.domains) for each in found.entities)


@pytest.mark.data
def test_the_real_websites_that_several_name_are_told(real_lists):
    _, _, found = real_lists
    assert 5 <= len(found.shared) <= 20
    assert all(len(ids) > 1 for ids in found.shared.values())
    assert len(found.refused) < 25


@pytest.mark.parametrize("ids", [("z-strong", "a-weak"), ("a-strong", "z-weak")])
def test_s04_of_two_that_hold_a_domain_the_earlier_list_is_named(ids):
    strong, weak = (
        Entry(id_, id_, "p", (Listing(list_, None, "1"),), websites=("www.shared.example.ru",))
        for id_, list_ in zip(ids, ("US-OFAC-SDN", "OWN"), strict=True)
    )
    merged = merge([], [[strong], [weak]], {}, lambda _: None)
    mailbox_kinds = MailboxKinds({}, {}, frozenset(), frozenset(), frozenset())
    for made in (
        build(merged.entities, mailbox_kinds),
        from_lines(list(snapshot_lines.lines(merged.entities, mailbox_kinds))),
    ):
        found = classify(from_text("x@shared.example.ru"), made, date(2026, 11, 22))
        assert found.entity.id == ids[0]
