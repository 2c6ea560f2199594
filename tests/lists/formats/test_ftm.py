import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats import ftm
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.model import Listing

NAME = "entities.ftm.json"


# What the fixtures of conftest.py read: reader, the file's role, and the hand-made one.
SAMPLE = (ftm.read, NAME, f"ftm/{NAME}")


def test_an_institution_with_all_that_is_told_of_it(found):
    source = "OpenSanctions, entity NK-aBcDeF"
    assert found[0] == Entry(
        id="ftm-nk-abcdef",
        name="Institute of Applied Nephology",
        place=f"{NAME}:1",
        listings=(
            Listing("OPENSANCTIONS", "US-NOWHERE", "NK-aBcDeF", source=source),
            Listing("OPENSANCTIONS", "EU-NOWHERE", "NK-aBcDeF", source=source),
        ),
        aliases=("Институт прикладной нефологии", "Cloud Institute"),
        weak_aliases=("IAN",),
        country="RU",
        websites=("https://nephology.example",),
        emails=("office@nephology.example",),
        identifiers=(
            "ofac:90001",
            "eu:eu.9001.10",
            "uk:tst0001",
            "uk-ofsi:70001",
            "un-data:700001",
            "wikidata:q900001",
            "ru-inn:7700000009",
            "ru-ogrn:1027700000008",
            "lei:5299000test000000x63",
        ),
    )


def test_its_identifiers_are_those_of_the_lists_own_readers(found, content, part):
    from gateway.lists.formats import eu_fsf, uk, un  # noqa: PLC0415 - this test alone looks at all of them

    others = [
        *eu_fsf.read({"eu.xml": part("eu.xml", content("eu/eu.xml"))}),
        *uk.read(
            {uk.ROLE: part(uk.ROLE, content(f"uk/{uk.ROLE}"))},
        ),
        *un.read({un.ROLE: part(un.ROLE, content(f"un/{un.ROLE}"))}),
    ]
    theirs = [each for each in others if isinstance(each, Entry)]
    ours = set(found[0].identifiers)
    assert {each.id for each in theirs if ours & set(each.identifiers)} == {
        "eu-fsf-eu.9001.10",
        "uk-tst0001",
        "un-sc-tte.001",
    }


def test_an_institution_under_export_control_of_two_countries(found):
    assert found[1] == Entry(
        id="ftm-eu-fsf-eu-9002-11",
        name="Bureau of Tidal Mathematics",
        place=f"{NAME}:2",
        listings=(
            Listing(
                "OPENSANCTIONS",
                None,
                "eu-fsf-eu-9002-11",
                source="OpenSanctions, entity eu-fsf-eu-9002-11",
            ),
        ),
        identifiers=("eu:eu.9002.11",),
    )


def test_properties_of_other_shapes_are_passed_over(found):
    entry = found[-1]
    assert (entry.name, entry.aliases) == ("College of Small Winds", ("Small Winds",))
    assert entry.country is None


def test_s12_what_is_not_taken_is_told_with_its_reason_and_place(found):
    rest = [each for each in found if isinstance(each, RejectedRow)]
    assert [(each.reason, each.place, each.detail) for each in rest] == [
        (RejectedRowReason.INDIVIDUAL, f"{NAME}:3", "NK-person"),
        (RejectedRowReason.VESSEL, f"{NAME}:4", "NK-ship"),
        (RejectedRowReason.AIRCRAFT, f"{NAME}:5", "NK-plane"),
        (RejectedRowReason.OTHER_KIND, f"{NAME}:6", "NK-address: Address"),
        (
            RejectedRowReason.OTHER_LIST,
            f"{NAME}:8",
            "NK-linked: no topic of sanctions or export control",
        ),
        (
            RejectedRowReason.OTHER_LIST,
            f"{NAME}:9",
            "NK-plain: no topic of sanctions or export control",
        ),
        (RejectedRowReason.NAMELESS, f"{NAME}:10", "NK-nameless"),
        (RejectedRowReason.DUPLICATE, f"{NAME}:11", f"ftm-nk-abcdef stands at {NAME}:1"),
        (RejectedRowReason.MALFORMED, f"{NAME}:12", "lacks its id, schema or properties"),
    ]
    assert len(found) == 12


@pytest.mark.parametrize(
    "topic",
    ["sanction.linked", "sanction.counter", "export.risk", "debarment", "crime", "role.pep"],
)
def test_other_topics_are_no_listing(read, topic):
    entity = {"id": "a", "schema": "Company", "properties": {"name": ["A"], "topics": [topic]}}
    (found,) = read(json.dumps(entity))
    assert found.reason is RejectedRowReason.OTHER_LIST


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", f"{NAME}: is empty"),
        ('{"id": "a", "schema"', f"{NAME}:1: is no JSON"),
        ("[]", f"{NAME}:1: is no JSON object"),
        ('{"id": "1"}\n\n7', f"{NAME}:3: is no JSON object"),
        ("<html>", f"{NAME}:1: is a web page"),
        ("[" * 100_000, f"{NAME}:1: is nested too deeply; is it the right file?"),
        ('{"id": "' + "x" * (8 * 1024 * 1024), f"{NAME}:1: is longer than"),
    ],
)
def test_s12_a_file_that_is_broken_is_refused_with_its_line(read, content, said):
    with pytest.raises(ListError) as error:
        read(content)
    assert str(error.value).startswith(said)


def test_s12_a_missing_file_is_named():
    with pytest.raises(ListError, match=r"^entities\.ftm\.json: is missing"):
        list(ftm.read({}))


@given(st.data())
def test_s12_a_line_cut_short_never_passes(outcome, read, good, data):
    end = data.draw(st.integers(0, len(good) - 1))
    # A line whose last bracket is still there is whole.
    is_whole = end > 0 and good[:end].rstrip(b"\n") in {
        good[:at].rstrip(b"\n") for at, sign in enumerate(good, 1) if sign == ord("\n")
    }
    assert isinstance(outcome(lambda: read(good[:end])), ListError) != is_whole


@given(st.data())
def test_s12_damage_gives_entries_rejections_or_an_error(outcome, damaged, read, good, data):
    outcome(lambda: read(damaged(data, good)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"id": _JSON | st.text(min_size=1), "schema": st.just("Company") | _JSON},
        optional={
            "caption": _JSON,
            "referents": _JSON,
            "properties": st.dictionaries(
                st.sampled_from(["name", "alias", "weakAlias", "topics", "programId", "country"]),
                st.lists(st.just("sanction") | st.text() | _JSON) | _JSON,
            ),
        },
    )
)
def test_s12_any_object_is_an_entry_or_a_rejection(outcome, read, entity):
    assert len(outcome(lambda: read(json.dumps(entity)))) == 1
