from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats.csl import csl_csv, csl_json
from gateway.lists.parsing.entry import RejectedRow, RejectedRowReason

ROLE = "consolidated.json"


@pytest.fixture
def read(part, content):
    def run(raw=None):
        return list(csl_json.read({ROLE: part(ROLE, raw or content(f"csl/{ROLE}"))}))

    return run


def test_the_same_list_in_csv_gives_the_same(read, part, content):
    rows = list(csl_csv.read({"consolidated.csv": part("x", content("csl/consolidated.csv"))}))
    assert [replace(each, place="") for each in read()] == [
        replace(each, place="") for each in rows
    ]


def test_a_place_is_the_line_and_which_result_it_is(read):
    assert read()[0].place == "consolidated.json:9, result 1"


def test_s12_fields_of_another_kind_than_expected_do_no_harm(read):
    bare, nameless = read(
        """{"results": [
        {"source": "Specially Designated Nationals (SDN) - Treasury Department",
         "entity_number": 90001, "type": "Entity", "name": "X", "programs": "IRAN",
         "addresses": [null, "CN", {"country": 7}], "alt_names": [1, "Y Z"], "ids": {"type": 1}},
        {"source": "Entity List (EL) - Bureau of Industry and Security", "name": true}]}"""
    )
    assert bare.id == "us-ofac-90001"
    assert [each.programme for each in bare.listings] == ["IRAN"]
    assert bare.aliases == ("Y Z",)
    assert nameless.reason is RejectedRowReason.NAMELESS


def test_s12_a_row_without_a_source_is_told(read):
    (found,) = read('{"results": [{"name": "X"}]}')
    assert isinstance(found, RejectedRow)
    assert (found.reason, found.place) == (
        RejectedRowReason.MALFORMED,
        "consolidated.json:1, result 1",
    )


def test_s12_the_file_missing_is_told():
    with pytest.raises(ListError, match=r"consolidated\.json: is missing"):
        list(csl_json.read({}))


def test_s12_a_file_cut_anywhere_is_refused(read, content):
    whole = content(f"csl/{ROLE}").rstrip()
    for end in range(1, len(whole), 37):
        with pytest.raises(ListError):
            read(whole[:end])


@given(st.data())
def test_s12_a_damaged_file_gives_entries_rejections_or_one_error(
    part, content, outcome, damaged, data
):
    raw = damaged(data, content(f"csl/{ROLE}"))
    outcome(lambda: csl_json.read({ROLE: part(ROLE, raw)}))
