from datetime import date

import pytest

from gateway.model import Address, Entity, Finding, Kind, Listing, Standing
from gateway.policy.rules import load

POLICY = """
[tiers]
otherwise = "advisory"
[[tier]]
list = "SDN"
tier = "blocking"
[[tier]]
list = "EL"
tier = "export-control"
[[tier]]
list = "EL"
programme = "MILD"
tier = "research-security"
"""

ON_SDN = (Listing("SDN", "EO14024", "1"),)


@pytest.fixture
def policy(tmp_path):
    """Write rules (and exceptions, examples) under the tiers above, and load them."""

    def write(rules="", *, exceptions=None, examples=None, tiers=POLICY):
        (tmp_path / "policy.toml").write_text(tiers + rules)
        for name, text in (("exceptions", exceptions), ("examples", examples)):
            if text is not None:
                (tmp_path / f"{name}.toml").write_text(text)
        return load(tmp_path)

    return write


@pytest.fixture
def finding():
    """Make a finding about an address, by default one listed on SDN."""

    def make(
        text="a@mipt.ru",
        *,
        standing=Standing.LISTED,
        kind=Kind.INDIVIDUAL,
        listings=ON_SDN,
        id_="m",
        rule=None,
    ):
        local, _, domain = text.rpartition("@")
        entity = None if id_ is None else Entity(id_, "Name", listings=tuple(listings))
        return Finding(
            Address(text.encode(), local, domain), standing, kind, "sha256:0", entity, rule=rule
        )

    return make


@pytest.fixture
def today():
    return date(2026, 11, 22)
