import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.formats.ofac.remarks import LIMIT, is_cut, read_remarks


def facts(text, continuation=None):
    return read_remarks(text, continuation).facts


def filled(statement, keep):
    """A remark of just the limit whose last statement was cut: so many signs of it are left."""
    start = "Organization Type: "
    return start + "x" * (LIMIT - len(start) - 2 - keep) + "; " + statement[:keep]


@pytest.mark.parametrize(
    ("text", "websites"),
    [
        ("Website www.x.example.", ["www.x.example"]),
        (
            "Website www.x.example; alt. Website http://y.example/.",
            ["www.x.example", "http://y.example/"],
        ),
        ("Website:  www.x.example; Phone Number 1.", ["www.x.example"]),
        ("www.x.example; http://y.example (website).", ["www.x.example", "http://y.example"]),
        ("Website www.x.example. Offices Worldwide.", ["www.x.example. Offices Worldwide"]),
        ("For more information, please visit the following link: http://x.example.", []),
        ("Linked To: WEBSITE COMPANY.", []),
        ("", []),
    ],
)
def test_websites_are_found_with_and_without_their_label(text, websites):
    assert facts(text).websites == websites


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        (
            "Email Address a@x.example; alt. Email Address b@x.example.",
            ["a@x.example", "b@x.example"],
        ),
        ("EMAIL a@x.example.", ["a@x.example"]),
        ("a@x.example (email); b@x.example.", ["a@x.example", "b@x.example"]),
    ],
)
def test_addresses_are_found_with_and_without_their_label(text, emails):
    assert facts(text).emails == emails


def test_names_in_quotes_are_weak():
    remarks = read_remarks("a.k.a. 'INO'; f.k.a. 'OLD'S NAME'; n.k.a. 'NEW'; a.k.a. UNQUOTED.")
    assert remarks.weak == ["INO", "OLD'S NAME", "NEW"]


@pytest.mark.parametrize(
    "text",
    [
        "Tax ID No. 9900000017 (Russia).",
        "Tax ID No. 9900000017 (Russia) issued 03 Dec 2001; Phone Number 1.",
        "alt. Tax ID No. 9900000017 (Russia) issued 2001 expires 2030.",
        "Tax ID No. 9900000017 (Northtown) (Russia).",
    ],
)
def test_a_number_is_told_apart_from_who_issued_it_and_when(text):
    expected = () if "Northtown" in text else ("ru-inn:9900000017",)
    assert facts(text).identifiers(None) == expected
    assert facts(text).registered_in == "RU"


def test_nationality_of_registration_is_the_country():
    assert facts("Nationality of Registration Korea, North; Website x.example.").country == "KP"


def test_s12_a_website_that_was_cut_becomes_no_other_website():
    statement = "Website www.northern-optics.example"
    for keep in range(len(statement) + 1):
        remark = filled(statement, keep)
        assert len(remark) == LIMIT
        assert is_cut(remark)
        assert facts(remark).websites == []


def test_a_website_that_was_cut_goes_on_in_the_comment():
    statement = "Website www.northern-optics.example"
    for keep in range(len(statement) + 1):
        remark = filled(statement, keep)
        comment = statement[keep:] + "; Phone Number 1."
        assert facts(remark, comment).websites == ["www.northern-optics.example"]


def test_a_field_that_is_full_may_have_been_cut_behind_any_dot():
    full = filled("Website www.x.example.", 22)
    assert len(full) == LIMIT
    assert is_cut(full)
    assert facts(full).websites == []
    assert facts(full, "cn.").websites == ["www.x.example.cn"]
    assert not is_cut("Website www.x.example.")


@pytest.mark.parametrize(
    "text",
    [
        "Website x" + " " * 300_000 + "y",
        "a@" + "." * 300_000 + "@",
        "Tax ID No. 1" + " (" * 150_000,
        "a.k.a. '" + "' " * 150_000 + "x",
        "; " * 150_000,
    ],
    ids=["spaces", "dots", "brackets", "quotes", "statements"],
)
def test_a_remark_as_long_as_a_field_may_be_is_read_through(text):
    read_remarks(text, "")


@given(st.text(max_size=1200), st.none() | st.text(max_size=50))
def test_any_remark_is_read(text, continuation):
    remarks = read_remarks(text, continuation)
    for found in (*remarks.facts.websites, *remarks.facts.emails):
        assert found == " ".join(found.split()) != ""
