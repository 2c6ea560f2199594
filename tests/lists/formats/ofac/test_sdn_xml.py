from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats.ofac import sdn_csv, sdn_xml
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason

ROLES = ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
OLD = b"http://tempuri.org/sdnList.xsd"
NEW = b"https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML"


@pytest.fixture
def read(part, content):
    def run(raw=None):
        return list(sdn_xml.read({"sdn.xml": part("sdn.xml", raw or content("ofac/sdn.xml"))}))

    return run


def without_places(found):
    return [replace(each, place="") for each in found]


def test_the_same_list_in_csv_gives_the_same_entries(read, part, content):
    rows = list(sdn_csv.read({role: part(role, content(f"ofac/{role}")) for role in ROLES}))
    one, other = without_places(read()), without_places(rows)
    assert [each for each in one if isinstance(each, Entry)] == [
        each for each in other if isinstance(each, Entry)
    ]
    assert [each.reason for each in one if isinstance(each, RejectedRow)] == [
        each.reason for each in other if isinstance(each, RejectedRow)
    ]


@pytest.mark.parametrize("namespace", [NEW, b""])
def test_the_namespace_may_change(read, content, namespace):
    assert read(content("ofac/sdn.xml").replace(OLD, namespace)) == read()


def test_the_consolidated_list_is_read_alike(part, content):
    parts = {"consolidated.xml": part("consolidated.xml", content("ofac/sdn.xml"))}
    found = [each for each in sdn_xml.read_consolidated(parts) if isinstance(each, Entry)]
    assert {each.listings[0].list for each in found} == {"US-OFAC-NON-SDN"}


def test_s12_each_entry_that_is_not_taken_is_told_by_reason_and_line(read):
    assert [(each.reason, each.place) for each in read() if isinstance(each, RejectedRow)] == [
        (RejectedRowReason.INDIVIDUAL, "sdn.xml:33"),
        (RejectedRowReason.VESSEL, "sdn.xml:40"),
        (RejectedRowReason.AIRCRAFT, "sdn.xml:44"),
        (RejectedRowReason.NAMELESS, "sdn.xml:84"),
        (RejectedRowReason.OTHER_KIND, "sdn.xml:88"),
    ]


def test_s12_entries_without_a_number_or_there_twice_are_told(read):
    one = "<sdnEntry><uid>{}</uid><lastName>A</lastName><sdnType>{}</sdnType></sdnEntry>\n"
    found = read(
        "<sdnList>"
        + one.format("1", "Entity")
        + one.format("1", "Entity")
        + one.format("", "Entity")
        + one.format("2", "")
        + "</sdnList>"
    )
    assert [getattr(each, "reason", "entry") for each in found] == [
        "entry",
        RejectedRowReason.DUPLICATE,
        RejectedRowReason.MALFORMED,
        RejectedRowReason.MALFORMED,
    ]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<sdnList><sdnEntry>", "ends in the middle"),
        (b"<!DOCTYPE sdnList [<!ENTITY a 'b'>]><sdnList/>", "document type declaration"),
        (b"<sdnList></sdnList>", "without any <sdnEntry>"),
        (b"<CONSOLIDATED_LIST/>", "not <sdnList>"),
        (b"<!doctype html><html></html>", "is a web page"),
    ],
)
def test_s12_a_broken_file_is_refused(read, raw, says):
    with pytest.raises(ListError, match=says):
        read(raw)


def test_s12_more_entries_than_a_list_can_have_are_refused(read, monkeypatch):
    monkeypatch.setattr(sdn_xml, "MAX_ENTRIES", 5)
    with pytest.raises(ListError, match=r"sdn\.xml:70: has more than 5 entries"):
        read()


def test_s12_the_file_missing_is_told(part):
    with pytest.raises(ListError, match=r"sdn\.xml: is missing"):
        list(sdn_xml.read({}))


def test_s12_a_file_cut_anywhere_is_refused(read, content):
    whole = content("ofac/sdn.xml").rstrip()
    for end in range(1, len(whole), 61):
        with pytest.raises(ListError):
            read(whole[:end])


@given(st.data())
def test_s12_a_damaged_file_gives_entries_rejections_or_one_error(
    part, content, outcome, damaged, data
):
    raw = damaged(data, content("ofac/sdn.xml"))
    outcome(lambda: sdn_xml.read({"sdn.xml": part("sdn.xml", raw)}))
