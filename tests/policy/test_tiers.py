from datetime import date

import pytest

from gateway.errors import ConfigError
from gateway.model import Listing, Standing, Tier
from gateway.policy.tiers import with_strictest_listing


def test_s04_the_strictest_listing_in_force_gives_list_and_tier(policy, finding, today):
    tiers = policy().tiers
    listings = [Listing("EL", None, "2"), Listing("SDN", "A", "1"), Listing("SDN", "B", "3")]
    found = with_strictest_listing(finding(listings=listings), tiers, today)
    assert found.tier is Tier.BLOCKING
    assert found.listing is listings[1]


def test_s05_a_listing_that_is_not_in_force_gives_no_tier(policy, finding, today):
    ended = Listing("SDN", None, "1", delisted_on=date(2025, 1, 1))
    coming = Listing("SDN", None, "2", effective_from=date(2027, 1, 1))
    live = Listing("EL", None, "3")
    found = with_strictest_listing(finding(listings=[ended, coming, live]), policy().tiers, today)
    assert (found.listing, found.tier) == (live, Tier.EXPORT_CONTROL)


@pytest.mark.parametrize(
    ("listing", "tier"),
    [
        (Listing("SDN", "ANY", None), Tier.BLOCKING),
        (Listing("EL", None, None), Tier.EXPORT_CONTROL),
        (Listing("EL", "MILD", None), Tier.RESEARCH_SECURITY),
        (Listing("OTHER", "MILD", None), Tier.ADVISORY),
    ],
)
def test_a_programme_goes_before_its_list_and_the_rest_is_otherwise(listing, tier, policy):
    assert policy().tiers.tier_of(listing) is tier


def test_a_clear_finding_has_neither(policy, finding, today):
    found = with_strictest_listing(finding(standing=Standing.CLEAR), policy().tiers, today)
    assert (found.listing, found.tier) == (None, None)
    assert with_strictest_listing(finding(id_=None), policy().tiers, today).tier is None


def test_p05_a_line_given_twice_is_told(policy):
    with pytest.raises(ConfigError, match=r"policy.toml:15: tier\[4\].list: .*second time"):
        policy('[[tier]]\nlist = "SDN"\ntier = "advisory"\n')
