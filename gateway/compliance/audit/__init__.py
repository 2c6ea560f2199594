"""What the office asks of the record and decides about it: the ledger with its lists and policy."""
