from datetime import date

import pytest

from gateway.list_store.files.imported_source import Header
from gateway.list_store.find_institution import PointedBy, institutions_for, organisation_of, ror_of
from gateway.list_store.imports import ror_store
from gateway.lists.parsing.organisation import Organisation
from gateway.model import Claim, Entity, Listing
from gateway.screening import snapshot as snapshots
from gateway.screening.recipient_kind import MailboxKinds

DAY = date(2026, 11, 1)
MIPT = Entity(
    "us-ofac-38316",
    "Moscow Institute of Physics and Technology",
    listings=(Listing("US-OFAC-SDN", "P", "38316"),),
    domains=(
        Claim("mipt.ru", "ROR 00v0z9322; a list", "r", DAY),
        Claim("old.mipt.ru", "moved out", "r", DAY, clears=True),
    ),
    addresses=(Claim("office@gmail.com", "s"),),
    linked=(Claim("friends.example.org", "MX mx.mipt.ru lies inside mipt.ru", None, DAY),),
)
OTHER = Entity(
    "eu-1",
    "Skolkovo",
    listings=(Listing("EU-FSF", None, "EU.38316"), Listing("UK", None, "38316")),
    domains=(Claim("skolkovo.ru", "s", "r", DAY),),
)


@pytest.fixture(scope="module")
def snapshot():
    mailbox_kinds = MailboxKinds(
        {"gmail.com": "Google", "skolkova.ru": "P"}, {}, frozenset(), frozenset(), frozenset()
    )
    return snapshots.build([MIPT, OTHER], mailbox_kinds)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("us-ofac-38316", PointedBy.ID),
        ("US-OFAC-38316", PointedBy.ID),
        ("OFAC 38316", PointedBy.NUMBER),
        ("us-ofac-sdn 38316", PointedBy.NUMBER),
        ("00v0z9322", PointedBy.ROR),
        ("ROR 00V0Z9322", PointedBy.ROR),
        ("ror:00v0z9322", PointedBy.ROR),
        ("https://ror.org/00v0z9322", PointedBy.ROR),
        ("mipt.ru", PointedBy.DOMAIN),
        (" MIPT.RU ", PointedBy.DOMAIN),
        ("https://www.mipt.ru/en/?a=b@c", PointedBy.DOMAIN),
        ("ivan@stud.mipt.ru", PointedBy.DOMAIN),
        ("<ivan@mipt.ru>", PointedBy.DOMAIN),
        ("mailto:ivan@mipt.ru", PointedBy.DOMAIN),
        ("Office@gmail.com", PointedBy.ADDRESS),
        ("a@old.mipt.ru", PointedBy.CLEARED),
        ("friends.example.org", PointedBy.LINKED),
    ],
)
def test_whatever_points_at_it_finds_it_and_says_how(snapshot, text, by):
    (found,) = institutions_for(text, snapshot)
    assert (found.entity, found.by) == (MIPT, by)
    assert found.by.is_sure is (by not in (PointedBy.CLEARED, PointedBy.LINKED))
    assert found.why


def test_a_number_is_looked_for_on_every_list(snapshot):
    found = {each.entity.id: each.why for each in institutions_for("38316", snapshot)}
    assert found == {
        "us-ofac-38316": "38316 is its number on US-OFAC-SDN",
        "eu-1": "38316 is its number on UK",
    }
    assert [each.entity.id for each in institutions_for("eu.38316", snapshot)] == ["eu-1"]


def test_what_lies_below_a_domain_says_so(snapshot):
    assert (
        institutions_for("x@a.mipt.ru", snapshot)[0].why
        == "a.mipt.ru lies below its domain mipt.ru"
    )
    assert institutions_for("mipt.ru", snapshot)[0].why == "mipt.ru is its domain"
    assert (
        institutions_for("office@gmail.com", snapshot)[0].why == "office@gmail.com is its address"
    )
    assert "taken out" in institutions_for("old.mipt.ru", snapshot)[0].why


def test_a_look_alike_is_told_as_one(snapshot):
    (found,) = institutions_for("skolkovq.ru", snapshot)
    assert (found.entity, found.by, found.by.is_sure) == (OTHER, PointedBy.LOOKALIKE, False)
    assert institutions_for("skolkova.ru", snapshot) == [], "a provider of personal mail is none"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Skolkovo",
        "MIPT 38317",
        "Moscow 38316",
        "gmail.com",
        "a@",
        "@",
        "…",
        "x..y",
        "Co. Ltd",
        "1.2",
    ],
)
def test_a_name_points_at_nobody(snapshot, text):
    assert institutions_for(text, snapshot) == []


def test_a_ror_id_of_the_imported_registry_gives_its_organisation(folder, at):
    known = Organisation("05v1frz10", "United Aircraft", "r:1", ("United Aircraft",))
    folder.make()
    assert organisation_of("05v1frz10", folder) is None
    header = Header("ror", at(), at(), (), 1)
    with folder.locked():
        ror_store.write(folder, header, [known])
    assert organisation_of("ROR 05v1frz10", folder) == known
    assert organisation_of("00v0z9322", folder) is None
    assert organisation_of("United", folder) is None
    assert ror_of("0il1l1l11") is None
