import re

import pytest

from gateway.errors import ListError
from gateway.lists import catalogue
from gateway.lists.catalogue import SOURCES


def fault(call):
    with pytest.raises(ListError) as caught:
        call()
    return str(caught.value)


def test_each_source_has_a_name_of_its_own_and_says_what_it_is():
    names = [source.name for source in SOURCES]
    assert len(names) == len(set(names))
    for source in SOURCES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", source.name)
        assert source.title
        assert source.publisher
        assert source.licence
        assert source.fewest >= 1
        assert source.largest > 0


def test_what_is_fetched_is_fetched_by_https_and_whole():
    for source in SOURCES:
        for format_ in source.formats:
            assert len(format_.addresses) in (0, len(format_.roles))
            assert all(address.startswith("https://") for address in format_.addresses)
        assert source.can_be_fetched is bool(source.formats[0].addresses)


def test_opensanctions_is_fetched_by_nobody_who_did_not_ask_and_says_its_licence():
    source = catalogue.find_source("opensanctions")
    assert "NC" in source.licence
    assert source.notice


def test_a_misspelt_source_is_told_with_the_nearest():
    assert catalogue.find_source("us-ofac-sdn").title
    assert "did you mean us-ofac-sdn?" in fault(lambda: catalogue.find_source("us-ofac-snd"))
    assert "known are us-ofac-sdn, " in fault(lambda: catalogue.find_source("zzz"))


def test_sources_count_in_their_order_and_strangers_last():
    assert [catalogue.rank(source.name) for source in SOURCES] == list(range(len(SOURCES)))
    assert catalogue.rank("stranger") == len(SOURCES)


def test_files_play_their_roles_whatever_folder_case_and_order():
    source = catalogue.find_source("us-ofac-sdn")
    names = ["/a/ALT.CSV", "b\\sdn_comments.csv", "add.csv", "/c/SDN.csv"]
    format_, roles = catalogue.format_for(source, names)
    assert format_ is source.formats[0]
    assert roles == {
        "sdn.csv": "/c/SDN.csv",
        "alt.csv": "/a/ALT.CSV",
        "add.csv": "add.csv",
        "sdn_comments.csv": "b\\sdn_comments.csv",
    }


def test_a_list_of_one_file_may_be_called_anything_with_its_ending():
    format_, roles = catalogue.format_for(catalogue.find_source("us-csl"), ["2026-11-22.JSON"])
    assert roles == {"consolidated.json": "2026-11-22.JSON"}
    assert format_ is catalogue.find_source("us-csl").formats[1]


def test_a_named_form_is_found_before_one_that_has_only_the_ending():
    source = catalogue.find_source("us-ofac-sdn")
    assert catalogue.format_for(source, ["sdn_advanced.xml"])[0] is source.formats[2]
    assert catalogue.format_for(source, ["SDN.XML"])[0] is source.formats[1]


@pytest.mark.parametrize(
    "names",
    [
        ["sdn.csv"],
        ["sdn.csv", "alt.csv", "add.csv", "other.csv"],
        ["sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv", "more.csv"],
        ["list.pdf"],
        [],
        ["a/sdn.csv", "b/sdn.csv", "alt.csv", "add.csv"],
    ],
)
def test_s12_files_that_make_no_list_are_told_with_those_that_would(names):
    told = fault(lambda: catalogue.format_for(catalogue.find_source("us-ofac-sdn"), names))
    assert "us-ofac-sdn is made of these files: sdn.csv, alt.csv, add.csv, sdn_comments.csv" in told
