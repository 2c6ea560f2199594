import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.addresses.domain_name import registrable
from gateway.model import Claim, Entity, Listing
from gateway.screening.names.domain_proposals import (
    KnownOrganisation,
    Proposer,
    entity_part,
    proposal_id,
)
from gateway.screening.snapshot import read
from gateway.screening.unlistable_domains import why_unlistable

REPO = Path(__file__).parents[3]
DATA = REPO.parent / "shared" / "data"
TODAY = date(2026, 11, 22)
BAUMAN = Entity(
    "us-1",
    "Bauman Moscow State Technical University",
    country="RU",
    listings=(Listing("L", None, "1"),),
)
REGISTERED = KnownOrganisation(
    "ROR 1", ("Bauman Moscow State Technical University", "BMSTU"), "RU", ("bmstu.ru",)
)


@pytest.fixture
def propose(people):
    """Propose for an entity from what a registry knows, other entities having their domains."""

    def propose(entity, *organisations, others=()):
        return Proposer([entity, *others], organisations, people).propose(entity, TODAY)

    return propose


def domains(proposals):
    return [each.domain for each in proposals]


def test_s13_a_registered_organisation_of_the_same_name_and_country_is_proposed(propose):
    (found,) = propose(BAUMAN, REGISTERED)
    assert (found.domain, found.score, found.entity) == ("bmstu.ru", 100, BAUMAN)
    assert found.source == "ROR 1, whose name is “Bauman Moscow State Technical University”"
    heads = [line.partition(":")[0] for line in found.evidence]
    assert heads == ["name", "country", "domain", "domain"]
    assert "bauman" in found.evidence[0]


def test_s13_an_id_is_the_entitys_and_the_domains_for_good(propose):
    (found,) = propose(BAUMAN, REGISTERED)
    assert found.id == proposal_id("us-1", "bmstu.ru")
    assert found.id.startswith(entity_part("us-1"))
    assert found.id != proposal_id("us-1", "bmstu.com")
    assert len(found.id) == 10


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Bu Ali Sina Petrochemical Company", "Bu-Ali Sina University"),
        ("Shahid Chamran Group", "Shahid Chamran University"),
        ("Bank Rossiya", "Bank of Russia"),
        ("Institute of Physics", "Institute of Physics"),
        ("Beijing Institute of Technology", "Beijing University of Technology"),
        ("Yas Part", "Yas Hospital"),
        ("Zvezda", "Zvezda University"),
        ("BIT", "BIT"),  # thousands share three letters
    ],
)
def test_s13_a_name_with_another_word_in_it_proposes_nothing(propose, name, other):
    entity = replace(BAUMAN, name=name)
    assert propose(entity, KnownOrganisation("ROR 1", (other,), "RU", ("x.ru",))) == []


def test_s13_what_the_academy_puts_behind_a_name_does_not_matter(propose):
    entity = replace(
        BAUMAN,
        name="Rzhanov Institute of Semiconductors Siberian Branch of Russian Academy of Sciences",
    )
    known = KnownOrganisation("ROR 1", ("Rzhanov Institute of Semiconductors",), "RU", ("isp.ru",))
    assert domains(propose(entity, known)) == ["isp.ru"]


def test_s13_another_country_speaks_against_it(propose):
    assert propose(BAUMAN, replace(REGISTERED, country="BY")) == []


def test_s13_an_unknown_country_asks_for_the_same_name_and_lowers_the_score(propose):
    (found,) = propose(replace(BAUMAN, country=None), REGISTERED)
    assert found.score == 80
    assert "look at: the country is not known on both sides" in found.evidence
    longer = replace(REGISTERED, names=("Bauman Moscow State Technical University Press",))
    assert propose(replace(BAUMAN, country=None), longer) == []


def test_s13_a_single_word_in_common_lowers_it_too(propose):
    known = KnownOrganisation("ROR 1", ("Zvezda",), "RU", ("zvezda.ru",))
    (found,) = propose(replace(BAUMAN, name="Zvezda LLC"), known)
    assert found.score < 80
    assert "look at: the names have one word in common, and others may bear it" in found.evidence


def test_s13_a_website_serves_where_no_domain_is_stated(propose):
    (found,) = propose(BAUMAN, replace(REGISTERED, domains=(), websites=("bmstu.ru",)))
    assert "website: ROR 1 gives bmstu.ru" in found.evidence
    assert found.score == 90


@pytest.mark.parametrize("domain", ["ac.ru", "gmail.com", "x.wordpress.com"])
def test_s13_what_can_be_nobodys_domain_is_not_proposed(propose, domain):
    assert propose(BAUMAN, replace(REGISTERED, domains=(domain,))) == []


@pytest.mark.parametrize("claimed", ["bmstu.ru", "ru.org", "sub.bmstu.ru"])
def test_s13_what_another_entity_claims_is_not_proposed(propose, claimed):
    other = Entity("other", "Other", domains=(Claim("bmstu.ru", "s"), Claim("ru.org", "s")))
    assert propose(BAUMAN, replace(REGISTERED, domains=(claimed,)), others=[other]) == []


def test_s13_what_the_registry_states_of_another_organisation_is_not_proposed(propose):
    other = KnownOrganisation("ROR 2", ("Kalinin Institute",), "RU", ("bmstu.ru",))
    assert propose(BAUMAN, REGISTERED, other) == []


def test_s13_institutes_with_their_sites_below_it_do_not_speak_against_a_universitys_domain(
    propose,
):
    other = KnownOrganisation("ROR 2", ("Kalinin Laboratory",), "RU", (), ("lab.bmstu.ru",))
    (found,) = propose(BAUMAN, REGISTERED, other)
    assert "look at: Kalinin Laboratory (ROR 2) is found there too" in found.evidence


def test_s13_a_site_at_a_domain_where_others_are_is_not_proposed(propose):
    other = KnownOrganisation("ROR 2", ("Kalinin Laboratory",), "RU", ("lab.bmstu.ru",))
    assert propose(BAUMAN, replace(REGISTERED, domains=(), websites=("bmstu.ru",)), other) == []


def test_s13_an_address_that_a_list_gives_points_to_its_domain(propose):
    entity = replace(BAUMAN, addresses=(Claim("rector@bauman.example.ru", "L 1, e-mail address"),))
    (found,) = propose(entity)
    assert (found.domain, found.score) == ("bauman.example.ru", 80)
    assert found.source == "L 1, e-mail address at bauman.example.ru"


def test_s13_but_a_domain_that_resembles_nothing_scores_low(propose):
    addresses = (Claim("bauman@gmail.com", "s"), Claim("bauman@provider.net", "s"))
    (found,) = propose(replace(BAUMAN, addresses=addresses))
    assert (found.domain, found.score) == ("provider.net", 40)
    assert "look at: nothing in provider.net resembles the name; it may be a provider's" in (
        found.evidence
    )


def test_s13_an_address_that_was_taken_out_points_nowhere(propose):
    assert propose(replace(BAUMAN, addresses=(Claim("a@bauman.ru", "s", clears=True),))) == []


def test_s13_a_domain_whose_mail_goes_to_the_entitys_hosts_is_proposed(propose):
    linked = (Claim("bauman-lab.ru", "MX mx.bmstu.ru lies inside bmstu.ru, seen 2026-11-20"),)
    entity = replace(BAUMAN, domains=(Claim("bmstu.ru", "s"),), linked=linked)
    (found,) = propose(entity)
    assert (found.domain, found.score) == ("bauman-lab.ru", 80)
    assert found.evidence[0].startswith("mail: MX mx.bmstu.ru")


def test_s13_two_findings_of_one_domain_are_one_proposal(propose):
    entity = replace(BAUMAN, country=None, addresses=(Claim("rector@bmstu.ru", "L 1"),))
    (found,) = propose(entity, REGISTERED)
    assert found.score == 85
    assert found.source.endswith("; L 1 at bmstu.ru")


def test_s13_the_likeliest_comes_first(propose):
    addresses = (Claim("a@aaa-provider.net", "s"),)
    found = propose(replace(BAUMAN, addresses=addresses), REGISTERED)
    assert domains(found) == ["bmstu.ru", "aaa-provider.net"]


def test_s13_nothing_is_proposed_for_what_no_list_has_in_force(propose):
    gone = replace(BAUMAN, listings=(Listing("L", None, "1", delisted_on=date(2024, 1, 1)),))
    assert propose(gone, REGISTERED) == []
    assert propose(replace(BAUMAN, listings=()), REGISTERED) == []


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is absent: it is not part of the project")
def test_s13_of_the_reviewed_institutions_the_registry_gives_the_reviewed_domains():
    written = read(REPO / "policies")
    bare = [replace(entity, domains=(), addresses=()) for entity in written.entities]
    proposer = Proposer(bare, registered(written.mailbox_kinds), written.mailbox_kinds)
    found, others = 0, []
    for entity, reviewed in zip(bare, written.entities, strict=True):
        known = {registrable(claim.value) for claim in reviewed.domains}
        proposed = {registrable(each.domain) for each in proposer.propose(entity, TODAY)}
        if known and proposed - known:
            others.append((entity.name, proposed - known))
        found += bool(proposed & known)
    assert others == []
    assert found >= 15


def registered(people):
    """The registry's records, with what can be a domain of mail."""
    with gzip.open(DATA / "ror" / "organizations.jsonl.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            texts = [
                *record["domains"],
                *(urlsplit(link["value"]).hostname or "" for link in record["links"]),
            ]
            hosts = [text.removeprefix("www.") for text in texts]
            domains = tuple(host for host in hosts if host and why_unlistable(host, people) is None)
            country = record["locations"][0]["geonames_details"]["country_code"]
            names = tuple(name["value"] for name in record["names"])
            stated = tuple(host for host in domains if host in record["domains"])
            sites = tuple(host for host in domains if host not in stated)
            yield KnownOrganisation(record["id"], names, country, stated, sites)
