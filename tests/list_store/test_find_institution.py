from datetime import date

import pytest

from gateway.list_store.files.imported_source import Header
from gateway.list_store.find_institution import By, organisation_of, pointed, ror_of
from gateway.list_store.imports import ror_store
from gateway.lists.parsing.organisation import Organisation
from gateway.model import Claim, Entity, Listing
from gateway.screening import snapshot as snapshots
from gateway.screening.recipient_kind import People

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
    people = People(
        {"gmail.com": "Google", "skolkova.ru": "P"}, {}, frozenset(), frozenset(), frozenset()
    )
    return snapshots.build([MIPT, OTHER], people)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("us-ofac-38316", By.ID),
        ("US-OFAC-38316", By.ID),
        ("OFAC 38316", By.NUMBER),
        ("us-ofac-sdn 38316", By.NUMBER),
        ("00v0z9322", By.ROR),
        ("ROR 00V0Z9322", By.ROR),
        ("ror:00v0z9322", By.ROR),
        ("https://ror.org/00v0z9322", By.ROR),
        ("mipt.ru", By.DOMAIN),
        (" MIPT.RU ", By.DOMAIN),
        ("https://www.mipt.ru/en/?a=b@c", By.DOMAIN),
        ("ivan@stud.mipt.ru", By.DOMAIN),
        ("<ivan@mipt.ru>", By.DOMAIN),
        ("mailto:ivan@mipt.ru", By.DOMAIN),
        ("Office@gmail.com", By.ADDRESS),
        ("a@old.mipt.ru", By.CLEARED),
        ("friends.example.org", By.LINKED),
    ],
)
def test_whatever_points_at_it_finds_it_and_says_how(snapshot, text, by):
    (found,) = pointed(text, snapshot)
    assert (found.entity, found.by) == (MIPT, by)
    assert found.by.is_sure is (by not in (By.CLEARED, By.LINKED))
    assert found.why


def test_a_number_is_looked_for_on_every_list(snapshot):
    found = {each.entity.id: each.why for each in pointed("38316", snapshot)}
    assert found == {
        "us-ofac-38316": "38316 is its number on US-OFAC-SDN",
        "eu-1": "38316 is its number on UK",
    }
    assert [each.entity.id for each in pointed("eu.38316", snapshot)] == ["eu-1"]


def test_what_lies_below_a_domain_says_so(snapshot):
    assert pointed("x@a.mipt.ru", snapshot)[0].why == "a.mipt.ru lies below its domain mipt.ru"
    assert pointed("mipt.ru", snapshot)[0].why == "mipt.ru is its domain"
    assert pointed("office@gmail.com", snapshot)[0].why == "office@gmail.com is its address"
    assert "taken out" in pointed("old.mipt.ru", snapshot)[0].why


def test_a_look_alike_is_told_as_one(snapshot):
    (found,) = pointed("skolkovq.ru", snapshot)
    assert (found.entity, found.by, found.by.is_sure) == (OTHER, By.LOOKALIKE, False)
    assert pointed("skolkova.ru", snapshot) == [], "a provider of personal mail is none"


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
    assert pointed(text, snapshot) == []


def test_a_ror_id_of_the_imported_registry_gives_its_organisation(folder, at):
    known = Organisation("05v1frz10", "United Aircraft", "r:1", ("United Aircraft",))
    folder.make()
    assert organisation_of("05v1frz10", folder) is None
    header = Header("ror", at(), at(), (), 1)
    with folder.held():
        ror_store.write(folder, header, [known])
    assert organisation_of("ROR 05v1frz10", folder) == known
    assert organisation_of("00v0z9322", folder) is None
    assert organisation_of("United", folder) is None
    assert ror_of("0il1l1l11") is None
