from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats import own_table
from gateway.lists.parsing.entry import Entry
from gateway.model import Listing


@pytest.fixture(scope="session")
def read(part):
    return lambda raw: list(own_table.read({"own.csv": part("own.csv", raw)}))


@pytest.fixture(scope="session")
def good(content):
    return content("plain/own.csv")


@pytest.fixture
def faults(read):
    def told(content):
        with pytest.raises(ListError) as error:
            read(content)
        return [str(fault) for fault in error.value.faults]

    return told


def test_institutions_with_all_that_is_told_of_them(read, good):
    assert read(good) == [
        Entry(
            id="own-nephology",
            name="Institute of Applied Nephology",
            place="own.csv:2",
            listings=(
                Listing(
                    "OWN",
                    None,
                    None,
                    listed_on=date(2026, 3, 1),
                    effective_from=date(2026, 4, 1),
                    wind_down_until=date(2026, 6, 30),
                    source="Board decision 12/2026",
                ),
                Listing(
                    "OWN",
                    "Weather-East",
                    "W-7",
                    listed_on=date(2026, 5, 1),
                    delisted_on=date(2026, 12, 31),
                    source="the institution's own list, own.csv:3",
                ),
            ),
            aliases=("Cloud Institute", "IAN", "Nephology"),
            country="RU",
            domains=("nephology.example", "clouds.nephology.example"),
            emails=("Dean.Office@nephology.example",),
        ),
        Entry(
            id="own-college-of-small-winds-upper-wing",
            name="College of Small Winds, Upper Wing",
            place="own.csv:4",
            listings=(
                Listing("CA-NRO", None, None, source="the institution's own list, own.csv:4"),
            ),
            country="FR",
        ),
    ]


def test_one_column_is_enough(read):
    (entry,) = read("name\nInstitute\n")
    assert (entry.id, entry.name) == ("own-institute", "Institute")
    assert entry.listings[0].list == "OWN"


def test_several_tables_are_one_list(part):
    tables = {name: part(name, f"name\n{name}\n") for name in ("a.csv", "b.csv")}
    assert [each.id for each in own_table.read(tables)] == ["own-a-csv", "own-b-csv"]


def test_s12_every_fault_is_told_at_once_with_its_line_and_column(faults):
    assert faults(
        "name,id,country,listed_on,wind_down_until,domains,addresses\n"
        ",,FR,,,,\n"
        "A,Own A,,,,,\n"
        "B,own-b,Atlantis,2026-02-30,,b..example,office\n"
        "C,own-b,,,,,\n"
        "D,,,2026-02-01,2026-01-31,d.example|http://d.example/,\n"
        "E,,\n"
        "D,,,,,,\n"
        "F,,,1 March 2026,,,a@b@c d|a@b..c\n"
    ) == [
        "own.csv:2: name: is empty; every row needs one",
        "own.csv:3: id: may have small letters, digits, dots and hyphens only",
        "own.csv:4: listed_on: must be a day, written as in 2026-11-22, or empty",
        "own.csv:4: country: is no country; write its code of two letters, as in RU",
        (
            "own.csv:4: domains: b..example: the domain has an empty or overlong label, or a "
            "sign no name has; write it as in institute.example"
        ),
        "own.csv:4: addresses: office: write a whole address, as in office@example.org",
        "own.csv:5: id: own-b is B at own.csv:4 already",
        "own.csv:6: wind_down_until: lies before the designation takes effect, 2026-02-01",
        (
            "own.csv:6: domains: http://d.example/: the domain has an empty or overlong label, or "
            "a sign no name has; write it as in institute.example"
        ),
        "own.csv:7: has 3 cells, the heading 7; a cell with a comma in it stands in double quotes",
        "own.csv:8: D stands under this list and programme already",
        "own.csv:9: listed_on: must be a day, written as in 2026-11-22, or empty",
        "own.csv:9: addresses: a@b@c d: write a whole address, as in office@example.org",
        "own.csv:9: addresses: a@b..c: write a whole address, as in office@example.org",
    ]


def test_s12_faults_of_the_heading_name_the_nearest_column(faults):
    assert faults("domain,name,weather,name,\nA,B,C,D,E\n") == [
        "own.csv:1: domain: unknown column; did you mean domains?",
        (
            "own.csv:1: weather: unknown column; known are name, id, aliases, country, list, "
            "programme, uid, listed_on, effective_from, wind_down_until, delisted_on, domains, "
            "addresses, source"
        ),
        "own.csv:1: name: stands twice in the heading",
        "own.csv:1: column 5 has no name; name it or take it out",
    ]
    assert faults("id\na\n") == [
        "own.csv:1: name: is missing from the heading; every row needs a name"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "own.csv: is empty"),
        ("\n\n", "own.csv: has no row below its heading"),
        ("name\n", "own.csv: has no row below its heading"),
        ("name;country\nA;RU\n", "own.csv:1: has semicolons between its columns"),
        ('name\n"A', "own.csv:2: is no CSV here"),
        ("<html>", "own.csv:1: is a web page"),
        ("name\nUniversität".encode("latin-1"), "own.csv:2: byte 10 of the line is not UTF-8"),
        ("name\nA".encode("utf-16"), "own.csv:1: is UTF-16"),
    ],
)
def test_s12_a_file_that_is_broken_is_refused(faults, content, said):
    (fault,) = faults(content)
    assert fault.startswith(said)


def test_s12_of_a_file_full_of_faults_the_first_are_told(faults):
    found = faults("name,country\n" + "A,Atlantis\n" * 60)
    assert found[-1] == "own.csv:28: from here on nothing was looked at"
    assert len(found) == 52


def test_s12_no_file_at_all_is_a_fault():
    with pytest.raises(ListError, match=r"^own\.csv: is missing"):
        list(own_table.read({}))


def test_s12_a_table_without_end_is_given_up(faults, monkeypatch):
    monkeypatch.setattr(own_table, "MAX_SIZE", 100)
    (fault,) = faults("name\n" + "".join(f"Institute {n}\n" for n in range(100)))
    assert fault.startswith("own.csv:10: is longer than 100 characters")


@given(st.data())
def test_s12_damage_gives_entries_or_an_error(outcome, damaged, read, good, data):
    outcome(lambda: read(damaged(data, good)))


@given(
    st.lists(
        st.lists(
            st.text(alphabet='aB1é.@|-, "\n2026') | st.sampled_from(["RU", "2026-01-01", ""]),
            min_size=3,
            max_size=3,
        ),
        max_size=4,
    ),
    st.permutations(own_table.COLUMNS),
)
def test_s12_any_table_gives_entries_or_an_error(outcome, read, cells, columns):
    heading = ["name", *(each for each in columns if each != "name")][:3]
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in [heading, *cells]]
    outcome(lambda: read("\n".join(map(",".join, quoted))))
