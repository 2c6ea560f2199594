"""What would be: an address, a policy, a notice, a configuration tried, and nothing done."""
