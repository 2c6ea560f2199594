"""Lines in bulk are the lines one by one, sign by sign."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.shared import verdict_lines
from gateway.cli.shared.tables import emit
from gateway.cli.shared.verdict_lines import VerdictLines
from gateway.compliance.previews.alike_addresses import AlikeAddresses
from gateway.compliance.previews.try_address import (
    COLUMNS,
    TrialBasis,
    as_object,
    as_row,
    try_address,
)
from gateway.model import Claim, Entity, Listing
from gateway.policy import rules as policy
from gateway.screening import snapshot as screening
from gateway.screening.recipient_kind import MailboxKinds

DAY = date(2026, 11, 22)
POLICY = """
[tiers]
otherwise = "advisory"

[[rule]]
name = "a visiting professor"
recipient = ["ivan@mipt.ru", "jane@friend.example"]
text = "Read this."
action = "observe"

[[rule]]
name = "their guests"
recipient = ["guests.mipt.ru"]
text = "Read this."
action = "observe"

[[rule]]
name = "offices"
kind = ["role"]
standing = ["listed"]
text = "Read this."
action = "observe"

[[rule]]
name = "listed"
standing = ["listed"]
text = "Read this."
action = "warn"
"""
LISTING = Listing("US-OFAC-SDN", "P", "1", date(2022, 8, 2))
PEOPLE = MailboxKinds(
    {"gmail.com": "Google"}, {}, frozenset({"info"}), frozenset({"info"}), frozenset({"alumni"})
)
SNAPSHOT = screening.build(
    [
        Entity(
            "m",
            'M, "MIPT"',
            listings=(LISTING,),
            domains=(Claim("mipt.ru", "s, t", "r", DAY), Claim("a.mipt.ru", "s", clears=True)),
            addresses=(Claim("era@mail.ru", "s"),),
            linked=(Claim("tied.example", "MX mx.mipt.ru lies inside mipt.ru"),),
        )
    ],
    PEOPLE,
)

locals_ = st.sampled_from(
    [
        "ivan",
        "Ivan",
        "jane",
        "info",
        "info2",
        "era",
        "era+x",
        "a.b-c_d",
        "-a",
        "+1",
        ".x",
        "a=mipt.ru",
    ]
) | st.text("aA1.+-_=%! é\"'", min_size=1, max_size=6)
domains = st.sampled_from(
    [
        *("mipt.ru", "MIPT.ru", "cs.mipt.ru", "a.mipt.ru", "guests.mipt.ru", "alumni.mipt.ru"),
        *("gmail.com", "mail.ru", "rnipt.ru", "tied.example", "friend.example", "friend.example."),
        *(
            "other.example",
            "a..b",
            "localhost",
            "ru",
            "[192.0.2.1]",
            "мфти.рф",
            "-x.example",
            "x,y",
        ),
    ]
)
texts = st.builds("{}@{}".format, locals_, domains) | st.sampled_from(
    ["postmaster", "@", "=cmd@x.example", '"a b"@mipt.ru', "Ivan <ivan@mipt.ru>", "a@b@mipt.ru"]
)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    (folder / "policy.toml").write_text(POLICY)
    return policy.load(folder)


class Page(io.StringIO):
    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding


def one_by_one(verdicts, columns, encoding):
    page = Page(encoding)
    cells = as_row if columns else as_object
    emit(map(cells, verdicts), columns=columns, format="csv" if columns else "json", stream=page)
    return page.getvalue()


@pytest.mark.parametrize("columns", [None, COLUMNS], ids=["json", "csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@given(st.lists(texts, max_size=30))
def test_lines_in_bulk_are_those_one_by_one(rules, columns, encoding, given_texts):
    by = TrialBasis(SNAPSHOT, rules, DAY, "prof@example.edu")

    def judged(text):
        return try_address(text, by)

    found = VerdictLines(
        judged,
        as_row if columns else as_object,
        AlikeAddresses(by),
        columns=columns,
        encoding=encoding,
    )
    # Twice over: what the first round kept answers in the second.
    twice = given_texts * 2
    assert "".join(found.lines(twice)) == one_by_one(map(judged, twice), columns, encoding)


@pytest.mark.parametrize("columns", [None, COLUMNS], ids=["json", "csv"])
def test_a_domain_is_judged_once_for_people_and_once_for_offices(rules, columns):
    judged = []
    by = TrialBasis(SNAPSHOT, rules, DAY)

    def judging(text):
        judged.append(text)
        return try_address(text, by)

    found = VerdictLines(
        judging, as_row if columns else as_object, AlikeAddresses(by), columns=columns
    )
    asked = [f"a{n}@x.example" for n in range(9)] + ["info@x.example", "info3@x.example"]
    assert len(list(found.lines(asked))) == len(asked) + bool(columns)
    assert judged == ["a0@x.example", "info@x.example"]


def test_an_address_that_a_rule_or_a_list_names_is_judged_by_itself(rules):
    judged = []
    by = TrialBasis(SNAPSHOT, rules, DAY)

    def judging(text):
        judged.append(text)
        return try_address(text, by)

    found = VerdictLines(judging, as_object, AlikeAddresses(by))
    asked = ["x@mipt.ru", "ivan@mipt.ru", "y@mipt.ru", "y@mail.ru", "era@mail.ru", "y@mail.ru"]
    actions = [line.partition('"action": "')[2].partition('"')[0] for line in found.lines(asked)]
    assert actions == ["warn", "observe", "warn", "pass", "observe", "pass"]
    assert judged == ["x@mipt.ru", "ivan@mipt.ru", "y@mail.ru", "era@mail.ru", "y@mail.ru"]


def test_no_more_domains_are_kept_than_there_is_room_for(rules, monkeypatch):
    monkeypatch.setattr(verdict_lines, "_MOST", 3)
    by = TrialBasis(SNAPSHOT, rules, DAY)
    found = VerdictLines(lambda text: try_address(text, by), as_object, AlikeAddresses(by))
    for line in found.lines(f"a@d{number}.example" for number in range(10)):
        assert line
        assert len(found._tails) <= 3
