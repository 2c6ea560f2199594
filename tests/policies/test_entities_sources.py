"""The curated entities against the lists and registries that they cite, where these are at hand."""

from __future__ import annotations

import csv
import gzip
import json
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from conftest import Curated

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the real lists are not at {DATA}"),
]

# A record cited although the copy of ROR used here, a third of the registry, lacks it. Such a
# claim needs a second source that can be checked.
ROR_ELSEWHERE = {"00v0z9322"}
# OFAC gives this entry no alias, so alt.csv cannot tell whether it is listed still.
WITHOUT_ALIAS = {"us-ofac-35158"}

COUNTRIES = {"Russia": "RU", "Iran": "IR"}

SDN = dict[str, list[str]]
Names = dict[str, list[str]]


def table(path: Path, width: int) -> list[list[str]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return [row for row in csv.reader(file) if len(row) == width]


@pytest.fixture(scope="module")
def sdn() -> SDN:
    """The rows of June 2024 by uid."""
    return {row[0]: row for row in table(DATA / "ofac" / "sdn.csv", 12)}


@pytest.fixture(scope="module")
def alt() -> Names:
    """The aliases of December 2025 by uid."""
    names: Names = {}
    for row in table(DATA / "ofac" / "alt.csv", 5):
        names.setdefault(row[0], []).append(row[3])
    return names


@pytest.fixture(scope="module")
def ror() -> dict[str, Any]:
    with gzip.open(DATA / "ror" / "organizations.jsonl.gz", "rt", encoding="utf-8") as file:
        return {record["id"].rpartition("/")[2]: record for record in map(json.loads, file)}


@pytest.fixture(scope="module")
def hipo() -> dict[str, str]:
    """The country of each domain in the Hipo list."""
    path = DATA / "universities" / "world_universities_and_domains.json"
    listed = json.loads(path.read_text(encoding="utf-8"))
    return {name: entry["alpha_two_code"] for entry in listed for name in entry["domains"]}


def remark(row: list[str], key: str) -> list[str]:
    """The values of one key in an SDN row's remarks, those marked `alt.` included."""
    found = (part.removeprefix("alt. ") for part in row[11].rstrip(".").split("; "))
    return [part.removeprefix(key).strip() for part in found if part.startswith(key)]


def host(website: str) -> str:
    """The host of a website written with or without a scheme, without `www.`."""
    found = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    return found.removeprefix("www.")


def words(name: str) -> str:
    """A name as plain words, a space on either side of each."""
    flat = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(letter for letter in flat if not unicodedata.combining(letter))
    return " ".join(["", *re.findall(r"[^\W_]+", kept), ""])


def is_named(entity: Curated, theirs: list[str]) -> bool:
    """Whether a name or alias of the entity is one of theirs, or one stands whole in the other."""
    ours = list(map(words, entity.names))
    return any(one in other or other in one for one in ours for other in map(words, theirs))


def test_ofac_lists_each_entity_under_that_name_and_those_programmes(
    entities: list[Curated], sdn: SDN, alt: Names
) -> None:
    for entity in filter(lambda entity: entity.is_on_the_sdn_list, entities):
        row = sdn[entity.uid]
        weak = re.findall(r"a\.k\.a\. '([^']+)'", row[11])
        assert row[2].strip() == "-0-", f"{entity.uid} is no entity"
        assert is_named(entity, [row[1], *alt.get(entity.uid, []), *weak]), row[1]
        theirs = {programme.replace(" - ", "-") for programme in row[3].split("] [")}
        assert {listing["programme"] for listing in entity.listings} == theirs, entity.id


def test_ofac_gives_each_entity_an_address_in_that_country(entities: list[Curated]) -> None:
    countries: dict[str, set[str]] = {}
    for row in table(DATA / "ofac" / "add.csv", 6):
        countries.setdefault(row[0], set()).add(COUNTRIES.get(row[4], row[4]))
    for entity in filter(lambda entity: entity.is_on_the_sdn_list, entities):
        assert entity.country in countries[entity.uid], entity.id


def test_ofac_still_lists_each_entity_in_its_later_file(
    entities: list[Curated], alt: Names
) -> None:
    listed = filter(lambda entity: entity.is_on_the_sdn_list, entities)
    assert {entity.id for entity in listed if entity.uid not in alt} == WITHOUT_ALIAS


def test_ofac_names_each_website_and_address_that_is_cited_from_it(
    entities: list[Curated], sdn: SDN
) -> None:
    for entity in entities:
        uids = {listing.get("uid") for listing in entity.listings}
        for claim in entity.claims:
            for (uid,) in claim.cites("website"):
                assert uid in uids, claim
                assert claim.value in map(host, remark(sdn[uid], "Website ")), claim
            for (uid,) in claim.cites("e-mail"):
                assert uid in uids, claim
                assert claim.value in remark(sdn[uid], "Email Address "), claim
            for uid, website in claim.cites("override"):
                assert uid in uids, claim
                assert website in remark(sdn[uid], "Website "), claim
                assert host(website) != claim.value, "an override that overrides nothing"


def test_no_website_or_address_that_ofac_gives_for_an_entity_is_left_out(
    entities: list[Curated], sdn: SDN
) -> None:
    for entity in filter(lambda entity: entity.is_on_the_sdn_list, entities):
        row = sdn[entity.uid]
        assert [claim.value for claim in entity.addresses] == remark(row, "Email Address ")
        overridden = {url for claim in entity.domains for _, url in claim.cites("override")}
        websites = {host(url) for url in remark(row, "Website ") if url not in overridden}
        assert websites <= {claim.value for claim in entity.domains}, entity.id


def test_ror_gives_each_domain_cited_from_it_to_an_institution_of_that_name_and_country(
    entities: list[Curated], ror: dict[str, Any]
) -> None:
    cited = [(entity, claim) for entity in entities for claim in entity.claims]
    for entity, claim in cited:
        for (number,) in claim.cites("ror"):
            if number in ROR_ELSEWHERE:
                assert number not in ror
                assert claim.cites("hipo") or claim.cites("website"), claim
                continue
            record = ror[number]
            websites = [link["value"] for link in record["links"] if link["type"] == "website"]
            assert claim.value in {*record["domains"], *map(host, websites)}, claim
            assert record["status"] == "active", claim
            country = record["locations"][0]["geonames_details"]["country_code"]
            assert country == entity.country, claim
            assert is_named(entity, [name["value"] for name in record["names"]]), claim


def test_the_hipo_list_has_each_domain_cited_from_it_in_that_country(
    entities: list[Curated], hipo: dict[str, str]
) -> None:
    for entity in entities:
        for claim in entity.claims:
            if claim.cites("hipo"):
                assert hipo[claim.value] == entity.country, claim
