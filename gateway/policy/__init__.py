"""The policy: what is done about a finding, by rules, exceptions and tiers. Pure."""
