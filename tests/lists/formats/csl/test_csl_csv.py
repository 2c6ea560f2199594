import collections
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats.csl import csl_csv
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason

ROLE = "consolidated.csv"


@pytest.fixture
def read(part, content):
    """Read a file of ``files/csl``, or bytes."""

    def run(file=ROLE, raw=None):
        return list(
            csl_csv.read({ROLE: part(ROLE, raw if raw is not None else content(f"csl/{file}"))})
        )

    return run


def entries(found):
    return {each.id: each for each in found if isinstance(each, Entry)}


def without_places(found):
    return [replace(each, place="") for each in found]


def test_both_orders_of_identifiers_and_both_ways_of_quoting_give_the_same(read):
    assert without_places(read()) == without_places(read("consolidated-older.csv"))


def test_an_entry_of_the_treasury_is_what_ofacs_own_list_makes_of_it(read):
    entry = entries(read())["us-ofac-90001"]
    assert entry.name == "INSTITUTE OF NORTHERN OPTICS"
    assert entry.place == "consolidated.csv:2"
    assert entry.aliases == ("NORTHERN OPTICS INSTITUTE",)
    assert entry.weak_aliases == ("INO",)
    assert entry.country == "RU"
    assert entry.websites == ("www.northern-optics.example", "http://ino.northern.example/en/")
    assert entry.emails == ("office@northern-optics.example",)
    assert "ru-inn:9900000017" in entry.identifiers
    assert [each.programme for each in entry.listings] == ["RUSSIA-EO14024"]


def test_an_entry_of_commerce_has_its_names_apart(read):
    entry = entries(read())["us-bis-fictional-polytechnical-university"]
    assert entry.name == "Fictional Polytechnical University (FPU)"
    assert entry.aliases == (
        "Fictional Polytechnical University",
        "Farcity Polytechnic",
        "Polytechnical University of Farcity",
    )
    assert entry.weak_aliases == ("FPU", "FPTU")
    assert entry.country == "CN"
    assert [(each.list, str(each.listed_on)) for each in entry.listings] == [
        ("US-BIS-EL", "2020-06-05"),
        ("US-BIS-MEU", "2020-12-23"),
    ]


def test_a_semicolon_within_an_address_does_no_harm(read):
    assert entries(read())["us-bis-unseen-optics-co-ltd"].country == "HK"


def test_columns_may_stand_in_any_order(read, content):
    lines = content("csl/consolidated-older.csv").decode().splitlines()
    moved = "\n".join(
        f"{'new' if at == 0 else 'x'},{line}" for at, line in enumerate(lines)
    ).encode()
    assert read(raw=moved + b"\n") == read("consolidated-older.csv")


def test_s12_each_row_that_is_not_taken_is_told_by_reason_and_line(read):
    assert [(each.reason, each.place) for each in read() if isinstance(each, RejectedRow)] == [
        (RejectedRowReason.INDIVIDUAL, "consolidated.csv:3"),
        (RejectedRowReason.VESSEL, "consolidated.csv:4"),
        (RejectedRowReason.INDIVIDUAL, "consolidated.csv:11"),
        (RejectedRowReason.INDIVIDUAL, "consolidated.csv:14"),
        (RejectedRowReason.OTHER_LIST, "consolidated.csv:16"),
    ]


def test_s12_a_row_with_too_few_columns_is_told(read, content):
    raw = content(f"csl/{ROLE}") + b'"short","row"\n'
    last = [each for each in read(raw=raw) if isinstance(each, RejectedRow)][-1]
    assert (last.reason, last.place) == (RejectedRowReason.MALFORMED, "consolidated.csv:17")
    assert last.detail == "has 2 columns, the header has 29"


def test_s12_a_missing_column_is_named(read):
    with pytest.raises(ListError, match=r"consolidated\.csv:1: the header has no column source"):
        read(raw=b"a,b,c\n")


def test_s12_the_file_missing_is_told():
    with pytest.raises(ListError, match=r"consolidated\.csv: is missing"):
        list(csl_csv.read({}))


@pytest.mark.parametrize("file", [ROLE, "consolidated-older.csv"])
def test_s12_a_file_cut_within_a_line_is_refused(read, content, file):
    whole = content(f"csl/{file}")
    for end in range(1, len(whole) - 1, 5):
        # Behind a whole line, or a last column in quotes, the format cannot tell.
        if not whole[:end].endswith((b"\n", b'"')):
            with pytest.raises(ListError):
                read(raw=whole[:end])


def test_s12_a_file_cut_behind_a_column_in_quotes_is_refused(read, content):
    whole = content(f"csl/{ROLE}").rstrip()
    assert read(raw=whole) == read()
    with pytest.raises(ListError, match="cut short"):
        read(raw=whole[: whole.rindex(b'","') + 1])


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<html></html>", "is a web page"),
        (b"", "is empty"),
        ("source,name\n".encode("utf-16"), "is UTF-16"),
        (b'source,"name\n', "is no CSV here"),
    ],
)
def test_s12_a_broken_file_is_refused(read, raw, says):
    with pytest.raises(ListError, match=says):
        read(raw=raw)


@given(st.data())
def test_s12_a_damaged_file_gives_entries_rejections_or_one_error(
    part, content, outcome, damaged, data
):
    file = data.draw(st.sampled_from([ROLE, "consolidated-older.csv"]))
    raw = damaged(data, content(f"csl/{file}"))
    outcome(lambda: csl_csv.read({ROLE: part(ROLE, raw)}))


@pytest.mark.data
def test_the_older_sample(real):
    found = list(csl_csv.read({ROLE: real("csl/consolidated-older.csv", ROLE)}))
    reasons = collections.Counter(each.reason for each in found if isinstance(each, RejectedRow))
    # Counted by hand in 115 rows: 7 SDN and 13 PLC rows call themselves individuals; 4 of 8 denied
    # persons and 9 of 10 debarred parties have a person's name. Of the 80 rows that are left, one
    # name stands in five and another in two.
    assert reasons == {RejectedRowReason.INDIVIDUAL: 7 + 13 + 4 + 9, RejectedRowReason.VESSEL: 2}
    listed = entries(found)
    assert len(listed) == 115 - 33 - 2 - 4 - 1
    assert listed["us-ofac-15098"].websites == ("www.aictc.ir",)
    assert listed["us-ofac-17016"].emails == ("mailbox@gazprombank.ru",)


@pytest.mark.data
def test_the_newer_sample(real):
    found = list(csl_csv.read({ROLE: real("csl/consolidated-newer.csv", ROLE)}))
    assert sorted(entries(found)) == [
        "us-bis-academy-of-aerospace-solid-propulsion-technology",
        "us-bis-atlas-sanatgaran",
        "us-bis-china-electronics-technology-group-corporation-13th-research-institute",
        "us-ofac-18283",
        "us-ofac-18300",
        "us-ofac-28603",
        "us-state-sinobright-import-and-export-company",
    ]
    assert entries(found)["us-ofac-18283"].websites == ("mspbank.ru",)
    assert {each.reason for each in found if isinstance(each, RejectedRow)} == {
        RejectedRowReason.INDIVIDUAL
    }
