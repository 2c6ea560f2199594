"""Whether the ledger is intact."""
