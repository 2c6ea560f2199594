"""A year of a university's outgoing mail as a ledger: ``python -m benchmarks.year``."""
