import csv
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats import uk
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.model import Listing

NAME = "UK-Sanctions-List.csv"
HEADING = "Unique ID,Name 6,Name type,Regime Name,Date Designated,Designation Type"


# What the fixtures of conftest.py read: reader, the file's role, and the hand-made one.
SAMPLE = (uk.read, NAME, f"uk/{NAME}")


def listing(regime, uid, day):
    return Listing(
        "UK-SANCTIONS", regime, uid, listed_on=day, source=f"UK Sanctions List, entry {uid}"
    )


def test_an_entity_is_made_of_all_its_rows(found):
    entries = [each for each in found if isinstance(each, Entry)]
    assert entries[0] == Entry(
        id="uk-tst0001",
        name="INSTITUTE OF APPLIED NEPHOLOGY",
        place=f"{NAME}:3",
        listings=(
            listing("The Nowhere (Sanctions) Regulations 2020", "TST0001", date(2022, 3, 15)),
            listing("The Nowhere-East (Sanctions) Regulations 2021", "TST0001", date(2022, 4, 15)),
        ),
        aliases=("Институт прикладной нефологии", "Cloud Institute", "Nephology"),
        weak_aliases=("IAN",),
        websites=("www.nephology.example", "https://ian.example"),
        emails=("office@nephology.example",),
        identifiers=(
            "uk:tst0001",
            "uk-ofsi:70001",
            "ru-inn:7700000009",
            "ru-ogrn:1027700000008",
        ),
    )
    assert entries[1] == Entry(
        id="uk-tst0004",
        name="BUREAU OF TIDAL MATHEMATICS",
        place=f"{NAME}:11",
        listings=(listing("The Elsewhere (Sanctions) Regulations 2019", "TST0004", None),),
        country="KP",
        identifiers=("uk:tst0004", "un:tte.001"),
    )
    # One that has no primary name goes by what it has.
    assert (entries[2].id, entries[2].name) == ("uk-tst0009", "SCHOOL OF ECHOES")
    assert len(entries) == 3


def test_s12_what_is_not_taken_is_told_once_with_its_reason_and_place(found):
    assert [
        (each.reason, each.place, each.detail) for each in found if isinstance(each, RejectedRow)
    ] == [
        (RejectedRowReason.INDIVIDUAL, f"{NAME}:4", "TST0002"),
        (RejectedRowReason.VESSEL, f"{NAME}:10", "TST0003"),
        (RejectedRowReason.MALFORMED, f"{NAME}:13", "has no Unique ID"),
        (RejectedRowReason.MALFORMED, f"{NAME}:14", "TST0007: designation type missing"),
        (RejectedRowReason.MALFORMED, f"{NAME}:15", "has 27 columns, the heading 26"),
        (RejectedRowReason.NAMELESS, f"{NAME}:12", "TST0005"),
    ]


@pytest.mark.parametrize("kind", ["Designation Type", "Individual, Entity, Ship", "Type"])
@pytest.mark.parametrize("above", ["", "Report Date: 01-Mar-2026\n", "\ufeffReport Date: x,,,\n\n"])
def test_editions_of_the_heading(read, kind, above):
    heading = HEADING.replace("Designation Type", f'"{kind}"')
    (entry,) = read(f"{above}{heading}\nTST0001,Institute,Primary Name,R,01/02/2020,Entity\n")
    assert entry.name == "Institute"
    assert entry.listings == (listing("R", "TST0001", date(2020, 2, 1)),)


# The columns of the FCDO's file in October 2026, all 58 of them, in its order.
PUBLISHED = (
    "Last Updated,Unique ID,OFSI Group ID,UN Reference Number,Name 6,Name 1,Name 2,Name 3,Name 4,"
    "Name 5,Name type,Alias strength,Title,Name non-latin script,Non-latin script type,Non-latin "
    "script language,Regime Name,Designation Type,Designation source,Sanctions Imposed,Other Info"
    "rmation,UK Statement of Reasons,Address Line 1,Address Line 2,Address Line 3,Address Line 4,"
    "Address Line 5,Address Line 6,Address Postal Code,Address Country,Phone number,Website,Email"
    " address,Date Designated,D.O.B,Nationality(/ies),National Identifier number,National Identif"
    "ier additional information,Passport number,Passport additional information,Position,Gender,T"
    "own of birth,Country of birth,Type of entity,Subsidiaries,Parent company,Business registrati"
    "on number (s),IMO number,Current owner/operator (s),Previous owner/operator (s),Current beli"
    "eved flag of ship,Previous flags,Type of ship,Tonnage of ship,Length of ship,Year Built,Hull"
    " identification number (HIN)"
)
COLUMNS = next(csv.reader([PUBLISHED]))


def test_the_columns_that_are_published_are_those_that_are_read(read):
    told = {
        "Unique ID": "TST0009",
        "OFSI Group ID": "70009",
        "Name 6": "INSTITUTE OF PUBLISHED COLUMNS",
        "Name type": "Primary Name",
        "Name non-latin script": "Институт столбцов",
        "Regime Name": "R",
        "Designation Type": "Entity",
        "Address Country": "Russia",
        "Website": "www.columns.example|https://other.example",
        "Email address": "office@columns.example",
        "Date Designated": "31/07/2024",
        "Business registration number (s)": "INN: 7700000009",
    }
    assert len(COLUMNS) == 58
    row = ",".join(told.get(column, "") for column in COLUMNS)
    alias = {
        **told,
        "Name 6": "PUBLISHED",
        "Name type": "Alias",
        "Alias strength": "Low quality a.k.a",
    }
    weak = ",".join(alias.get(column, "") for column in COLUMNS)
    (entry,) = read(f"Report Date: 08-Oct-2026\n{','.join(COLUMNS)}\n{row}\n{weak}\n")
    assert (entry.name, entry.country) == ("INSTITUTE OF PUBLISHED COLUMNS", "RU")
    assert entry.listings == (listing("R", "TST0009", date(2024, 7, 31)),)
    assert (entry.aliases, entry.weak_aliases) == (("Институт столбцов",), ("PUBLISHED",))
    assert entry.websites == ("www.columns.example|https://other.example",)
    assert entry.emails == ("office@columns.example",)
    assert entry.identifiers == ("uk:tst0009", "uk-ofsi:70009", "ru-inn:7700000009")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", f"{NAME}: is empty"),
        ("Report Date: 01-Mar-2026\n", f"{NAME}:1: ends before the first row"),
        (HEADING, f"{NAME}:1: ends before the first row"),
        ("a,b\n" * 9, f"{NAME}:5: no heading with a column Unique ID"),
        (HEADING.replace("Name 6", "Name"), f"{NAME}:1: the heading lacks Name 6"),
        (HEADING.replace("Designation Type", "Sort"), f"{NAME}:1: the heading lacks Designation"),
        (
            f"{HEADING}\nTST0001,Institute,Primary Na",
            f"{NAME}:2: has 3 columns, the heading 6: the",
        ),
        (f'{HEADING}\nTST0001,"Institute', f"{NAME}:2: is no CSV here"),
        ("<!DOCTYPE html><h1>Service unavailable", f"{NAME}:1: is a web page"),
        (HEADING.encode("utf-16"), f"{NAME}:1: is UTF-16"),
        (f"{HEADING}\nT1,Universität,".encode("latin-1"), f"{NAME}:2: byte 13 of the line is not"),
    ],
)
def test_s12_a_file_that_is_broken_is_refused_with_its_line(read, content, said):
    with pytest.raises(ListError) as error:
        read(content)
    assert str(error.value).startswith(said)


def test_s12_a_missing_file_is_named():
    with pytest.raises(ListError, match=r"^UK-Sanctions-List\.csv: is missing"):
        list(uk.read({}))


def test_s12_names_without_number_are_given_up(read, monkeypatch):
    monkeypatch.setattr(uk, "MAX_KEPT", 10_000)
    rows = (f"TST{n % 2},Institute {n},Alias,R,01/02/2020,Entity" for n in range(200))
    with pytest.raises(ListError, match="holds more than 10000 characters"):
        read("\n".join([HEADING, *rows]))


def test_s12_a_repeated_row_costs_nothing(read, monkeypatch):
    monkeypatch.setattr(uk, "MAX_KEPT", 10_000)
    row = "TST0001,Institute,Primary Name,R,01/02/2020,Entity"
    (entry,) = read("\n".join([HEADING, *[row] * 1000]))
    assert entry.aliases == ()


@given(st.data())
def test_s12_a_row_cut_short_never_passes(outcome, read, good, data):
    end = data.draw(st.integers(0, len(good) - 1))
    found = outcome(lambda: read(good[:end]))
    # What the format can tell: whether the last row has all its columns.
    try:
        last = list(csv.reader(good[:end].decode("utf-8").splitlines(keepends=True), strict=True))
    except (UnicodeDecodeError, csv.Error):
        last = []
    is_whole = len(last) > 2 and len(last[-1]) == 26
    assert isinstance(found, ListError) != is_whole


@given(st.data())
def test_s12_damage_gives_entries_rejections_or_an_error(outcome, damaged, read, good, data):
    outcome(lambda: read(damaged(data, good)))


@given(st.binary(max_size=200))
def test_s12_any_bytes_give_an_error(outcome, read, raw):
    assert isinstance(outcome(lambda: read(raw)), ListError)
