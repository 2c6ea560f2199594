import collections
import datetime as dt
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats.ofac import sdn_csv
from gateway.lists.formats.ofac.remarks import LIMIT
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason

ROLES = ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
CONSOLIDATED = ("cons_prim.csv", "cons_alt.csv", "cons_add.csv", "cons_comments.csv")
HEADER = (
    "ent_num,SDN_name,SDN_type,Program,Title,Call_Sign,Vess_type,Tonnage,GRT,Vess_flag,"
    "Vess_owner,Remarks\r\n"
)


def row(uid, name="INSTITUTE", remark="-0- ", kind="-0- ", programme='"IRAN"'):
    return f'{uid},"{name}",{kind},{programme},-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,{remark}\r\n'


@pytest.fixture
def read(part):
    """Read a set of files given as text or bytes; those left out hold nothing."""

    def run(entries, aliases="", addresses="", comments=""):
        contents = (
            entries,
            "ent_num,alt_num,alt_type,alt_name,alt_remarks\r\n" + aliases,
            "Ent_num,Add_num,Address,City,Country,Add_remarks\r\n" + addresses,
            "ent_num,comments\r\n" + comments,
        )
        return list(
            sdn_csv.read(
                {role: part(role, each) for role, each in zip(ROLES, contents, strict=True)}
            )
        )

    return run


@pytest.fixture
def found(part, content):
    """What stands in the hand-made files."""
    return list(sdn_csv.read({role: part(role, content(f"ofac/{role}")) for role in ROLES}))


def entries(found):
    return {each.id: each for each in found if isinstance(each, Entry)}


def rejections(found):
    return [(each.reason, each.place) for each in found if isinstance(each, RejectedRow)]


def test_an_entry_is_made_of_all_four_files(found):
    entry = entries(found)["us-ofac-90001"]
    assert entry.name == "INSTITUTE OF NORTHERN OPTICS"
    assert entry.place == "sdn.csv:1"
    assert entry.aliases == ("NORTHERN OPTICS INSTITUTE",)
    assert entry.weak_aliases == ("INO",)
    assert entry.country == "RU"
    assert entry.websites == ("www.northern-optics.example", "http://ino.northern.example/en/")
    assert entry.emails == ("office@northern-optics.example",)
    assert entry.identifiers == (
        "ofac:90001",
        "ru-inn:9900000017",
        "ru-ogrn:1029900000019",
        "lei:2534009999monition10",
    )
    (listing,) = entry.listings
    assert (listing.list, listing.programme, listing.uid) == (
        "US-OFAC-SDN",
        "RUSSIA-EO14024",
        "90001",
    )
    assert listing.source == "OFAC SDN list, entry 90001"
    assert listing.listed_on is None


def test_each_programme_is_a_listing_of_its_own(found):
    entry = entries(found)["us-ofac-90005"]
    assert [each.programme for each in entry.listings] == ["CAATSA-RUSSIA", "NPWMD", "IFSR"]
    assert {each.uid for each in entry.listings} == {"90005"}
    (bare,) = entries(found)["us-ofac-90009"].listings
    assert bare.programme is None


def test_a_directives_dates_are_not_the_sdn_lists(found):
    listings = entries(found)["us-ofac-90006"].listings
    assert [(each.list, each.programme, each.listed_on) for each in listings] == [
        ("US-OFAC-SDN", "UKRAINE-EO13662", None),
        ("US-OFAC-SDN", "RUSSIA-EO14024", None),
        ("US-OFAC-NON-SDN", "RUSSIA-EO14024", dt.date(2022, 2, 24)),
    ]
    assert listings[2].effective_from == dt.date(2022, 3, 26)


def test_the_country_is_told_only_where_addresses_or_registers_agree(found):
    countries = {id_: entry.country for id_, entry in entries(found).items()}
    assert countries == {
        "us-ofac-90001": "RU",
        "us-ofac-90005": "IR",
        "us-ofac-90006": None,
        "us-ofac-90009": None,
    }


def test_the_consolidated_list_is_dated_where_its_remarks_are(part, content):
    parts = {role: part(role, content(f"ofac/{role}")) for role in CONSOLIDATED}
    result = list(sdn_csv.read_consolidated(parts))
    bank, maker = entries(result).values()
    assert [(each.list, each.programme, each.listed_on) for each in bank.listings] == [
        ("US-OFAC-NON-SDN", "UKRAINE-EO13662", None),
        ("US-OFAC-NON-SDN", "RUSSIA-EO14024", dt.date(2022, 2, 24)),
    ]
    assert maker.listings[0].effective_from == dt.date(2021, 8, 2)
    assert maker.listings[0].source == "OFAC Consolidated (non-SDN) list, entry 91001"
    assert maker.country == "CN"
    assert maker.identifiers == ("ofac:91001", "cn-uscc:91990000000000000x")
    assert rejections(result) == [(RejectedRowReason.INDIVIDUAL, "cons_prim.csv:3")]


def test_a_header_row_is_passed_over(part, content, found):
    parts = {role: part(role, content(f"ofac/{role}")) for role in ROLES}
    parts["sdn.csv"] = part("sdn.csv", HEADER.encode() + content("ofac/sdn.csv"))
    with_header = list(sdn_csv.read(parts))
    assert len(with_header) == len(found)
    assert with_header[0] == replace(found[0], place="sdn.csv:2")


def test_s12_each_row_that_is_not_taken_is_told_by_reason_and_line(found):
    assert rejections(found) == [
        (RejectedRowReason.INDIVIDUAL, "sdn.csv:2"),
        (RejectedRowReason.VESSEL, "sdn.csv:3"),
        (RejectedRowReason.AIRCRAFT, "sdn.csv:4"),
        (RejectedRowReason.NAMELESS, "sdn.csv:7"),
        (RejectedRowReason.OTHER_KIND, "sdn.csv:8"),
    ]


def test_s12_rows_that_cannot_be_read_stand_twice_or_belong_to_nobody_are_told(read):
    found = read(
        row(1) + row("x") + "2,short\r\n" + row(1, "AGAIN") + row(3, "PERSON", kind='"individual"'),
        '1,1,"aka","A",-0- \r\n3,1,"aka","B",-0- \r\n4,1,"aka","C",-0- \r\n5,1\r\n',
        '9,1,-0- ,-0- ,"Iran",-0- \r\n',
        '1,"of a remark that is whole"\r\n7,"of nobody"\r\n',
    )
    assert sorted(rejections(found)) == sorted(
        [
            (RejectedRowReason.MALFORMED, "alt.csv:5"),
            (RejectedRowReason.ORPHAN, "sdn_comments.csv:2"),
            (RejectedRowReason.MALFORMED, "sdn.csv:2"),
            (RejectedRowReason.MALFORMED, "sdn.csv:3"),
            (RejectedRowReason.DUPLICATE, "sdn.csv:4"),
            (RejectedRowReason.INDIVIDUAL, "sdn.csv:5"),
            (RejectedRowReason.ORPHAN, "alt.csv:4"),
            (RejectedRowReason.ORPHAN, "add.csv:2"),
            (RejectedRowReason.ORPHAN, "sdn_comments.csv:3"),
        ]
    )
    (entry,) = entries(found).values()
    assert entry.aliases == ("A",)


def test_a_cut_remark_goes_on_in_the_comments(read):
    cut = "Organization Type: "
    cut += "x" * (LIMIT - len(cut) - len("; Website www.north")) + "; Website www.north"
    assert len(cut) == LIMIT
    (entry,) = read(row(1, remark=f'"{cut}"'), comments="1,\"ern.example; a.k.a. 'NO'.\"\r\n")
    assert entry.websites == ("www.northern.example",)
    assert entry.weak_aliases == ("NO",)
    (alone,) = read(row(1, remark=f'"{cut}"'))
    assert alone.websites == ()


def test_s12_a_missing_file_is_named_with_what_to_do(part):
    with pytest.raises(ListError) as caught:
        list(sdn_csv.read({"sdn.csv": part("sdn.csv", row(1))}))
    assert [fault.file for fault in caught.value.faults] == list(ROLES[1:])
    assert "Give sdn.csv alt.csv add.csv sdn_comments.csv together" in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (row(1).rstrip(), "sdn.csv:1: is cut short (its last line has no end)"),
        (row(1) + row(2)[:9], "sdn.csv:2: is"),
        (row(1) + '2,"OPEN', "sdn.csv:2: is no CSV here"),
        ("1,2,3\r\n", "sdn.csv:1: has 3 columns where there should be 12"),
        ("<html><body>Moved</body></html>\n", "sdn.csv:1: is a web page"),
        (row(1).encode("utf-16"), "sdn.csv:1: is UTF-16"),
        (row(1, "INSTITUT FÜR OPTIK").encode("latin-1"), "sdn.csv:1: byte 14 of the line"),
        ("", "sdn.csv: is empty"),
        ("x" * (8 * 1024 * 1024 + 1), "sdn.csv:1: is longer than 8388608 bytes"),
    ],
    ids=["no end", "cut", "open", "columns", "web page", "utf-16", "latin-1", "empty", "endless"],
)
def test_s12_a_broken_file_is_refused_with_file_line_and_remedy(read, entries, says):
    with pytest.raises(ListError) as caught:
        read(entries)
    assert says in str(caught.value)


@pytest.mark.parametrize("role", ROLES)
def test_s12_a_set_cut_anywhere_is_refused(part, content, role):
    whole = content(f"ofac/{role}")
    for end in range(0, len(whole), 7):
        cut = {each: part(each, content(f"ofac/{each}")) for each in ROLES}
        cut[role] = part(role, whole[:end])
        with pytest.raises(ListError):
            list(sdn_csv.read(cut))


@given(st.data())
def test_s12_damaged_files_give_entries_rejections_or_one_error(
    part, content, outcome, damaged, data
):
    role = data.draw(st.sampled_from(ROLES))
    parts = {each: part(each, content(f"ofac/{each}")) for each in ROLES}
    parts[role] = part(role, damaged(data, content(f"ofac/{role}")))
    outcome(lambda: sdn_csv.read(parts))


@given(st.binary(max_size=200))
def test_s12_any_bytes_give_entries_rejections_or_one_error(part, content, outcome, noise):
    parts = {each: part(each, content(f"ofac/{each}")) for each in ROLES[1:]}
    outcome(lambda: sdn_csv.read({**parts, "sdn.csv": part("sdn.csv", noise)}))


@pytest.mark.data
def test_the_sdn_list_of_june_2024(real):
    found = list(sdn_csv.read({role: real(f"ofac/{role}") for role in ROLES}))
    reasons = collections.Counter(each.reason for each in found if isinstance(each, RejectedRow))
    # Counted by grep(1) on the third column, and by join(1) on the files' first columns. Of the
    # comments five have no entry and five a remark that is whole: they are 18 months younger.
    assert reasons == {
        RejectedRowReason.INDIVIDUAL: 6915,
        RejectedRowReason.VESSEL: 861,
        RejectedRowReason.AIRCRAFT: 374,
        RejectedRowReason.ORPHAN: 2149 + 10,
    }
    listed = entries(found)
    assert len(listed) == 7252
    # 842 rows with `Website `, five with an address that no label goes before.
    assert sum(bool(entry.websites) for entry in listed.values()) == 847
    skoltech = listed["us-ofac-38222"]
    assert skoltech.aliases == ("SKOLTECH",)
    assert skoltech.country == "RU"
    assert [each.programme for each in skoltech.listings] == ["RUSSIA-EO14024"]
    assert listed["us-ofac-15098"].websites == ("www.aictc.ir",)
    assert not any(
        " - " in (each.programme or "") for one in listed.values() for each in one.listings
    )


@pytest.mark.data
def test_every_website_that_the_sdn_list_labels_is_found(real, data_path):
    found = entries(sdn_csv.read({role: real(f"ofac/{role}") for role in ROLES}))
    text = data_path("ofac/sdn.csv").read_text("utf-8")
    for line in text.splitlines():
        if re.match(r'\d+,"[^"]*",-0- ,', line):
            labelled = re.findall(r"(?:; |,\")(?:alt\. )?Website:? +(\S+?)(?=;|\.?\"$|\. )", line)
            entry = found[f"us-ofac-{line.partition(',')[0]}"]
            assert [
                each for each in labelled if each.rstrip(".") not in " ".join(entry.websites)
            ] == []


@pytest.mark.data
def test_the_consolidated_list(real):
    found = list(sdn_csv.read_consolidated({role: real(f"ofac/{role}") for role in CONSOLIDATED}))
    assert len(entries(found)) == 363
    assert [each.reason for each in found if isinstance(each, RejectedRow)] == [
        RejectedRowReason.INDIVIDUAL
    ] * 79
    bank = entries(found)["us-ofac-17016"]
    # Its dates and its numbers stand in the comments alone, the remark is cut before them.
    assert [(each.programme, each.listed_on) for each in bank.listings] == [
        ("UKRAINE-EO13662", None),
        ("RUSSIA-EO14024", dt.date(2022, 2, 24)),
    ]
    assert "lei:253400wss48ywmbua688" in bank.identifiers
