"""What is asked of the ledger, as SQL with parameters. Pure."""
