import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.formats.csl.csl_names import is_abbreviation, is_organisation, read_names


def test_an_abbreviation_behind_the_name_is_weak_and_no_part_of_the_id():
    names = read_names("Fictional Polytechnical University (FPU)", [])
    assert names.name == "Fictional Polytechnical University (FPU)"
    assert names.plain == "Fictional Polytechnical University"
    assert names.aliases == ("Fictional Polytechnical University",)
    assert names.weak == ("FPU",)


def test_brackets_that_hold_something_else_stay():
    assert read_names("Optics (Northtown) Company", []).plain == "Optics (Northtown) Company"
    assert read_names("Optics Company (Northtown)", []).plain == "Optics Company (Northtown)"


@pytest.mark.parametrize(
    "name",
    [
        "Distant Company; and any successor, sub-unit, or subsidiary thereof",
        "Distant Company, and any successors",
        "Distant Company and any successor sub-unit or subsidiary thereof",
    ],
)
def test_successors_are_no_part_of_the_name(name):
    assert read_names(name, []).name == "Distant Company"


def test_a_name_is_taken_apart_from_those_it_is_also_known_as():
    names = read_names("Distant Company, a.k.a. Far Company; f.k.a. Farther Company", [])
    assert names.name == "Distant Company"
    assert names.aliases == ("Far Company", "Farther Company")


@pytest.mark.parametrize(
    ("others", "aliases"),
    [
        (["One Institute", "and Another Institute."], ("One Institute", "Another Institute")),
        (["a.k.a., the following three aliases: -One Company", "-Another Company"],
         ("One Company", "Another Company")),
        (["a.k.a. Akademiya Nauk", "aka Orion Works"], ("Akademiya Nauk", "Orion Works")),
        (["3K SAN. TIC. LTD. ST.", "One Co., Ltd."], ("3K SAN. TIC. LTD. ST.", "One Co., Ltd.")),
        (["Andromeda Ltd", "Orchid Ltd", "Akademiya Ltd"],
         ("Andromeda Ltd", "Orchid Ltd", "Akademiya Ltd")),
        (["", " ; ", "The Name"], ()),
    ],
)  # fmt: skip
def test_talk_about_other_names_is_taken_off_them(others, aliases):
    assert read_names("The Name", others).aliases == aliases


@pytest.mark.parametrize("name", ["HSRI", "A.B.C", "3K"])
def test_short_names_in_capitals_are_abbreviations(name):
    assert is_abbreviation(name)


@pytest.mark.parametrize("name", ["Hsri", "SKOLTECH", "A B"])
def test_longer_names_are_not(name):
    assert not is_abbreviation(name)


@pytest.mark.parametrize(
    "name",
    [
        "A & C Fictional Trade",
        "ELSEWHERE AVIATION SERVICES",
        "Somebody GmbH",
        "Somebody & Sons",
        "Fictional Oy",
        "Somewhere University",
        "Somebody S.A. de CV LTDA.",
        "Fictional AG",
    ],
)
def test_words_that_only_organisations_bear_tell_them(name):
    assert is_organisation(name)


@pytest.mark.parametrize(
    "name", ["SOMEBODY ELSE", "I. ASH", "Person Third, Jr.", "Ag Somebody", "Coe Corpse", "", "--"]
)
def test_a_name_without_one_may_be_a_persons(name):
    assert not is_organisation(name)


@pytest.mark.parametrize("piece", [" ", "- ", "and ", " and any x", "(A", "a.k.a. ", ", "])
def test_a_name_as_long_as_a_field_may_be_is_read_through(piece):
    long = "X" + piece * 50_000 + "!"
    read_names(long, [long])


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_any_names_are_read(name, others):
    names = read_names(name, others)
    for each in (*names.aliases, *names.weak):
        assert each == each.strip() != ""
        assert each != names.name
    assert not set(names.aliases) & set(names.weak)
