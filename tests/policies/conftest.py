"""The curated entities as the tests look at them: TOML tables, with a few words of their own."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]

# One part of a claim's source, the parts being joined by "; ". A part that a machine can check
# has one of these forms; a claim with none of them says that it is to be confirmed.
FORMS = {
    "website": re.compile(r"OFAC SDN (\d+), Website"),
    "e-mail": re.compile(r"OFAC SDN (\d+), Email Address"),
    "override": re.compile(r"overrides OFAC SDN (\d+), Website (\S+), .+"),
    "ror": re.compile(r"ROR (0[a-z0-9]{6}\d\d)"),
    "hipo": re.compile(r"Hipo university domains list"),
}


@dataclass(frozen=True)
class Claim:
    """One ``[[entity.domain]]`` or ``[[entity.address]]``."""

    value: str
    table: dict[str, Any]

    @property
    def source(self) -> str:
        source = self.table["source"]
        assert isinstance(source, str)
        return source

    @property
    def is_to_be_confirmed(self) -> bool:
        return self.source.endswith("; to be confirmed")

    def cites(self, form: str) -> list[tuple[str, ...]]:
        """What each part of the source that has this form names."""
        found = (FORMS[form].fullmatch(part) for part in self.source.split("; "))
        return [match.groups() for match in found if match]


@dataclass(frozen=True)
class Curated:
    """One ``[[entity]]``."""

    table: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.table["id"])

    @property
    def names(self) -> list[str]:
        return [self.table["name"], *self.table["aliases"]]

    @property
    def country(self) -> str:
        return str(self.table["country"])

    @property
    def listings(self) -> list[dict[str, Any]]:
        return list(self.table.get("listing", []))

    @property
    def domains(self) -> list[Claim]:
        return [Claim(table["name"], table) for table in self.table.get("domain", [])]

    @property
    def addresses(self) -> list[Claim]:
        return [Claim(table["address"], table) for table in self.table.get("address", [])]

    @property
    def claims(self) -> list[Claim]:
        return [*self.domains, *self.addresses]

    @property
    def uid(self) -> str:
        return str(self.listings[0]["uid"])

    @property
    def is_on_the_sdn_list(self) -> bool:
        return self.id.startswith("us-ofac-")


@pytest.fixture(scope="session")
def repo() -> Path:
    return REPO


@pytest.fixture(scope="session")
def entities() -> list[Curated]:
    files = sorted((REPO / "policies" / "entities").glob("*.toml"))
    tables = (tomllib.loads(path.read_text(encoding="utf-8")) for path in files)
    return [Curated(entity) for table in tables for entity in table["entity"]]
