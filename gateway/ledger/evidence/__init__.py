"""What leaves the ledger to stand alone: signed, packed, exported."""
