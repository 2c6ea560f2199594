"""The curated entities: sound in form, and true to the facts they were begun with."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import idna
import pytest
from publicsuffixlist import PublicSuffixList

if TYPE_CHECKING:
    from conftest import Curated

FILES = sorted((Path(__file__).resolve().parents[2] / "policies" / "entities").glob("*.toml"))

KEYS = {
    "entity": {"id", "name", "aliases", "country", "listing", "domain", "address"},
    "listing": {
        *("list", "programme", "uid", "source"),
        *("listed_on", "effective_from", "wind_down_until", "delisted_on"),
    },
    "domain": {"name", "source", "reviewer", "reviewed_on", "clears"},
    "address": {"address", "source", "reviewer", "reviewed_on", "clears"},
}

AUGUST_2022 = (date(2022, 8, 2), date(2022, 8, 2), date(2022, 8, 31))
UNKNOWN = (None, None, None)
RUSSIA = ("RUSSIA-EO14024",)

# The seed facts: id, country, programmes, (listed, effective, wind-down's last day), domains,
# addresses.
SEEDS = [
    ("us-ofac-38222", "RU", RUSSIA, AUGUST_2022, "skoltech.ru skolkovotech.ru", ""),
    ("us-ofac-38196", "RU", RUSSIA, AUGUST_2022, "sk.ru", ""),
    ("us-ofac-38223", "RU", RUSSIA, AUGUST_2022, "", ""),
    ("us-ofac-38316", "RU", RUSSIA, AUGUST_2022, "mipt.ru phystech.edu", ""),
    ("us-ofac-45919", "RU", RUSSIA, UNKNOWN, "bmstu.ru", ""),
    ("us-ofac-43036", "RU", RUSSIA, UNKNOWN, "gubkin.ru", ""),
    ("us-ofac-42720", "RU", RUSSIA, UNKNOWN, "spmi.ru spmi.edu.ru", ""),
    ("us-ofac-42716", "RU", RUSSIA, UNKNOWN, "gstou.ru", ""),
    ("us-ofac-31452", "RU", RUSSIA, UNKNOWN, "era-tehnopolis.ru", "era_1@mil.ru"),
    ("us-ofac-35342", "RU", RUSSIA, UNKNOWN, "viam.ru", ""),
    ("us-ofac-35346", "RU", RUSSIA, UNKNOWN, "cniiag.ru", ""),
    ("us-ofac-35158", "RU", RUSSIA, UNKNOWN, "cniieisu.ru", ""),
    ("us-ofac-17251", "RU", ("UKRAINE-EO13661",), UNKNOWN, "niip.ru", "niip@niip.ru"),
    (
        *("us-ofac-17258", "RU", ("UKRAINE-EO13661",), UNKNOWN, "raspletin.ru"),
        "info@raspletin.ru almaz_zakupki@mail.ru",
    ),
    ("us-ofac-30086", "RU", ("CAATSA-RUSSIA",), UNKNOWN, "cniihm.ru", ""),
    ("us-ofac-13152", "IR", ("NPWMD", "IFSR"), UNKNOWN, "mut.ac.ir", ""),
    ("us-ofac-15537", "IR", ("SDGT", "NPWMD", "IRGC", "IFSR"), UNKNOWN, "ihu.ac.ir", ""),
    ("us-ofac-15536", "IR", ("SDGT", "NPWMD", "IRGC", "IFSR"), UNKNOWN, "bmsu.ac.ir", ""),
    ("us-ofac-30625", "IR", ("SDGT", "IFSR"), UNKNOWN, "miu.ac.ir", ""),
    ("us-ofac-25662", "IR", ("IRAN", "NPWMD", "IFSR"), UNKNOWN, "nstri.ir nstri.aeoi.org.ir", ""),
    *(
        (f"us-bis-{slug}", "CN", (None,), (listed, None, None), domains, "")
        for slug, listed, domains in [
            ("beihang-university", None, "buaa.edu.cn"),
            ("national-university-of-defense-technology", date(2015, 2, 18), "nudt.edu.cn"),
            ("northwestern-polytechnical-university", None, "nwpu.edu.cn"),
            ("harbin-institute-of-technology", date(2020, 6, 5), "hit.edu.cn"),
            ("harbin-engineering-university", None, "hrbeu.edu.cn"),
            ("beijing-institute-of-technology", None, "bit.edu.cn"),
            ("beijing-university-of-posts-and-telecommunications", None, "bupt.edu.cn"),
            ("nanjing-university-of-aeronautics-and-astronautics", None, "nuaa.edu.cn"),
            ("nanjing-university-of-science-and-technology", None, "njust.edu.cn"),
            ("tianjin-university", None, "tju.edu.cn"),
            ("sichuan-university", None, "scu.edu.cn"),
            ("university-of-electronic-science-and-technology-of-china", None, "uestc.edu.cn"),
            ("university-of-science-and-technology-of-china", None, "ustc.edu.cn"),
            ("china-academy-of-engineering-physics", None, "caep.ac.cn gscaep.ac.cn"),
        ]
    ),
]

# Institutions that a hasty reader takes for a listed one, and the domain OFAC's slip would give.
NAMESAKES = [
    *(
        "tju.edu",
        "hhit.edu.cn",
        "scu.edu.au",
        "mut.ac.za",
        "kursk.ru",
        "miu.ac",
        "mil.ru",
        "ustc.edu",
    ),
    *(
        "mpei.ru",
        "iopc.ru",
        "magarach-institut.ru",
        "yf-ftian.ru",
        "imamaliuniv.aja.ir",
        "cosmos.ru",
        "kret.com",
        "gorny-ins.ru",
    ),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_opens_with_what_it_covers_and_holds_only_entities(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    header = text.partition("[[entity]]")[0]
    assert all(line.startswith("#") or not line for line in header.splitlines())
    assert "docs/entities.md" in header
    assert set(tomllib.loads(text)) == {"entity"}
    assert len(text.splitlines()) <= 400


def test_every_key_is_known(entities: list[Curated]) -> None:
    for entity in entities:
        assert entity.table.keys() <= KEYS["entity"], entity.id
        for kind in ("listing", "domain", "address"):
            for table in entity.table.get(kind, []):
                assert table.keys() <= KEYS[kind], (entity.id, table)


def test_ids_are_unique_and_domains_and_addresses_claimed_once(entities: list[Curated]) -> None:
    ids = [entity.id for entity in entities]
    assert len(ids) == len(set(ids))
    claimed = [claim.value for entity in entities for claim in entity.claims]
    assert len(claimed) == len(set(claimed))


def test_s02_domains_stand_in_their_normal_form(entities: list[Curated]) -> None:
    for entity in entities:
        for claim in entity.claims:
            name = claim.value.rpartition("@")[2]
            assert idna.encode(name, uts46=True).decode("ascii") == name


def test_s03_no_domain_is_a_public_suffix(entities: list[Curated]) -> None:
    suffixes = PublicSuffixList()
    assert suffixes.publicsuffix("x.ac.ru") == "ac.ru", "the private section has to be in use"
    for entity in entities:
        for claim in entity.domains:
            assert suffixes.publicsuffix(claim.value) != claim.value, entity.id


def test_s03_no_domain_is_a_personal_provider_or_a_shared_host(
    entities: list[Curated], repo: Path
) -> None:
    text = (repo / "policies" / "personal.toml").read_text(encoding="utf-8")
    shared = set(strings(tomllib.loads(text)))
    assert shared >= {"mail.ru", "gmail.com"}, "personal.toml is not read as it is written"
    for entity in entities:
        for claim in entity.domains:
            labels = claim.value.split(".")
            assert not shared & {".".join(labels[start:]) for start in range(len(labels))}


def strings(node: object) -> list[str]:
    """All strings of a TOML document, whatever its tables are called."""
    match node:
        case str():
            return [node]
        case dict():
            return [text for each in node.values() for text in strings(each)]
        case list():
            return [text for each in node for text in strings(each)]
        case _:
            return []


def test_s04_every_entity_says_who_it_is_and_where_it_is_listed(entities: list[Curated]) -> None:
    for entity in entities:
        assert len(set(entity.names)) == len(entity.names)
        assert all(name.strip() == name != "" for name in entity.names)
        assert re.fullmatch(r"[A-Z]{2}", entity.country)
        assert entity.listings
        for listing in entity.listings:
            assert listing["source"]
            sdn = listing["list"] == "US-OFAC-SDN"
            assert sdn or listing["list"] == "US-BIS-EL"
            assert ("uid" in listing, "programme" in listing) == (sdn, sdn), entity.id
            assert not sdn or listing["source"] == f"OFAC SDN list, entry {listing['uid']}"


def test_s04_every_claim_has_a_source_a_reviewer_and_a_day(entities: list[Curated]) -> None:
    for entity in entities:
        for claim in entity.claims:
            assert claim.table["reviewer"].strip()
            assert type(claim.table["reviewed_on"]) is date
            is_checkable = any(map(claim.cites, ("website", "e-mail", "ror", "hipo")))
            assert is_checkable != claim.is_to_be_confirmed, claim.value


def test_s04_an_id_bears_the_uid_of_its_listings(entities: list[Curated]) -> None:
    for entity in entities:
        if entity.is_on_the_sdn_list:
            uids = {listing["uid"] for listing in entity.listings}
            assert uids == {entity.id.removeprefix("us-ofac-")}
        else:
            slug = re.sub(r"[^a-z0-9]+", "-", entity.names[0].lower())
            assert entity.id == f"us-bis-{slug}"


def test_s05_dates_are_days_in_their_order(entities: list[Curated]) -> None:
    keys = ("listed_on", "effective_from", "wind_down_until", "delisted_on")
    for entity in entities:
        for listing in entity.listings:
            days = [listing[key] for key in keys if key in listing]
            assert all(type(day) is date for day in days)
            assert days == sorted(days)


def test_s06_namesakes_are_left_alone(entities: list[Curated]) -> None:
    for entity in entities:
        for claim in entity.domains:
            for other in NAMESAKES:
                assert not f".{other}".endswith(f".{claim.value}"), entity.id


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed[0])
def test_s09_the_packaged_entities_hold_the_seed_facts(
    seed: tuple[str, str, tuple[str | None, ...], tuple[date | None, ...], str, str],
    entities: list[Curated],
) -> None:
    wanted, country, programmes, days, domains, addresses = seed
    (entity,) = [each for each in entities if each.id == wanted]
    assert entity.country == country
    assert [listing.get("programme") for listing in entity.listings] == list(programmes)
    for listing in entity.listings:
        keys = ("listed_on", "effective_from", "wind_down_until")
        assert tuple(map(listing.get, keys)) == days
        assert "delisted_on" not in listing
    assert [claim.value for claim in entity.domains] == domains.split()
    assert [claim.value for claim in entity.addresses] == addresses.split()
    assert not any(claim.table.get("clears") for claim in entity.claims)


def test_the_page_for_officers_names_every_claim_to_be_confirmed(
    entities: list[Curated], repo: Path
) -> None:
    page = (repo / "docs" / "entities.md").read_text(encoding="utf-8")
    section = page.partition("\n## Still to be confirmed\n")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `([^`]+)`", section, re.MULTILINE))
    claims = (claim for entity in entities for claim in entity.claims)
    assert told == {claim.value for claim in claims if claim.is_to_be_confirmed} != set()


def test_the_page_for_officers_counts_right(entities: list[Curated], repo: Path) -> None:
    page = (repo / "docs" / "entities.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([a-z-]+\.toml)` \| .+ \| (\d+) \| (\d+) \| (\d+) \|$", page, re.MULTILINE
    )
    assert sorted(row[0] for row in rows) == [path.name for path in FILES]
    for name, *told in rows:
        text = (repo / "policies" / "entities" / name).read_text(encoding="utf-8")
        marks = ("[[entity]]", "[[entity.domain]]", "[[entity.address]]")
        assert [str(text.count(mark)) for mark in marks] == told, name
    domains = sum(len(entity.domains) for entity in entities)
    addresses = sum(len(entity.addresses) for entity in entities)
    assert f"{len(entities)} entities with {domains} domains and {addresses} exact addr" in page
