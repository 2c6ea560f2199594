"""The processes: built, run, drained."""
