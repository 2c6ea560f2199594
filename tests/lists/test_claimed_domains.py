from gateway.lists.claimed_domains import ClaimReader, UnusedText
from gateway.lists.overrides import OverrideKey
from gateway.lists.parsing.entry import Entry
from gateway.model import Claim, Listing

ENTRY = Entry(
    "l-7",
    "Institute",
    "list.csv:4",
    (Listing("L", None, "7"),),
    websites=("www.x.ru; shared.example.org", "http://slip.ac"),
    emails=("Office@X.ru", "nobody"),
    domains=("mail.ru", "y.ru"),
)
NUMBERS = [("L", "7")]


def guard(domain):
    return "is not its own" if domain in ("shared.example.org", "mail.ru") else None


def test_what_is_taken_bears_the_lists_own_words():
    reading = ClaimReader({OverrideKey("L", "7", "slip.ac"): None}, guard)
    assert [claim.value for claim in reading.domains("e", ENTRY, NUMBERS)] == ["y.ru", "x.ru"]
    assert list(reading.mailboxes("e", ENTRY)) == [Claim("office@x.ru", "L 7, e-mail address")]
    assert reading.used == {OverrideKey("L", "7", "slip.ac")}


def test_s03_what_is_not_bears_entity_entry_place_text_and_reason():
    reading = ClaimReader({OverrideKey("L", "7", "slip.ac"): None}, guard)
    assert list(reading.domains("e", ENTRY, NUMBERS))
    assert list(reading.mailboxes("e", ENTRY))
    assert reading.refused == [
        UnusedText("e", "l-7", "list.csv:4", "mail.ru", "is not its own"),
        UnusedText("e", "l-7", "list.csv:4", "shared.example.org", "is not its own"),
        UnusedText("e", "l-7", "list.csv:4", "nobody", "holds no e-mail address"),
    ]


def test_an_override_is_anothers_where_no_number_is_its_own():
    reading = ClaimReader({OverrideKey("L", "8", "slip.ac"): None}, guard)
    values = [claim.value for claim in reading.domains("e", ENTRY, NUMBERS)]
    assert "slip.ac" in values
    assert not reading.used
