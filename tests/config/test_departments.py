from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import departments
from gateway.config.departments import parse
from gateway.errors import ConfigError

HEAD = "sender,department\n"


def read(*rows):
    return parse((HEAD + "\n".join(rows)).encode(), "staff.csv")


def faults(raw):
    with pytest.raises(ConfigError) as caught:
        parse(raw if isinstance(raw, bytes) else raw.encode(), "staff.csv")
    return list(map(str, caught.value.faults))


def test_a_whole_address_comes_before_a_domain_and_the_longest_domain_before_others():
    known = read(
        "jane@chem.example.edu,Physics",
        "@example.edu,University",
        "*@chem.example.edu,Chemistry",
        "@old.chem.example.edu,Archive",
    )
    assert known.of("jane@chem.example.edu") == "Physics"
    assert known.of("omar@chem.example.edu") == "Chemistry"
    assert known.of("omar@lab.chem.example.edu") == "Chemistry"
    assert known.of("omar@a.old.chem.example.edu") == "Archive"
    assert known.of("omar@example.edu") == "University"
    assert len(known) == 4


def test_labels_are_whole_and_case_does_not_count():
    known = read("@Chem.Example.EDU,Chemistry", "Jane.Doe@example.edu,Law")
    assert known.of("JANE.DOE@EXAMPLE.EDU") == "Law"
    assert known.of("omar@CHEM.example.edu") == "Chemistry"
    assert known.of("omar@biochem.example.edu") is None
    assert known.of("omar@example.edu") is None


@pytest.mark.parametrize("sender", ["", "@", "postmaster", "jane@", "@example.edu.evil.test"])
def test_what_fits_no_row_is_of_no_department(sender):
    assert read("jane@example.edu,Law").of(sender) is None
    assert departments.NO_DEPARTMENTS.of(sender) is None


def test_a_domain_in_another_spelling_is_the_same():
    known = read("@bücher.example.edu,Library")
    assert known.of("jane@xn--bcher-kva.example.edu") == "Library"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffsender,department\njane@example.edu,Law\n",
        "sender;department\r\njane@example.edu;Law\r\n",
        "name\tDepartment\tSender\nJane\tLaw\tjane@example.edu\n\n\n",
        'sender,department\n"jane@example.edu"," Law "\njane@example.edu,Law\n',
    ],
)
def test_forms_in_which_spreadsheets_write_it(text):
    assert parse(text.encode(), "staff.csv").of("jane@example.edu") == "Law"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "staff.csv:1: has no column sender and no column department"),
        ("sender,unit\n", "staff.csv:1: has no column department: its first line must name them"),
        (HEAD + "jane,Law", "staff.csv:2: the sender is no address: write jane@example.edu"),
        (HEAD + "\njane@example.edu,", "staff.csv:3: has a sender without a department"),
        (HEAD + "jane@example.edu", "staff.csv:2: has 1 cells, the first line has 2"),
        (HEAD + "@*.example.edu,Law", "staff.csv:2: the sender has a * in its domain"),
        (HEAD + "j*@example.edu,Law", "staff.csv:2: the sender is no bare address"),
        (HEAD + "<jane@example.edu>,Law", "staff.csv:2: the sender is"),
        (HEAD + "jane@-,Law", "staff.csv:2: the sender is '-', which is not a domain name"),
        (HEAD + '"jane@example.edu,Law', "staff.csv:2: is no CSV here"),
        (HEAD.encode() + b"jane@example.edu,\xe9", "staff.csv:2: is not UTF-8: byte 0xE9"),
        (
            HEAD + "jane@example.edu,Law\n@x.example.edu,A\nJANE@example.edu,Arts",
            "staff.csv:4: puts a sender in 'Arts' whom line 2 puts in 'Law': keep one",
        ),
    ],
)
def test_a_fault_names_its_line_and_what_to_do(text, fault):
    (found,) = faults(text)
    assert found.startswith(fault)


def test_faults_are_told_together_up_to_twenty_and_name_nobody():
    found = faults(HEAD + "jane\n" + "jane.doe*@example.edu,Law\n" * 30)
    assert len(found) == 20
    assert not any("jane.doe" in fault for fault in found)


def test_a_file_far_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(departments, "_LARGEST", 10)
    assert faults(HEAD + "x") == ["staff.csv: is larger than 0 MiB; is it the right file?"]


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: (HEAD + text).encode()))
def test_no_bytes_lead_to_another_error(raw):
    with suppress(ConfigError):
        parse(raw, "staff.csv").of("jane@example.edu")
