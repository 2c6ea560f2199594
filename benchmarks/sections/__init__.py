"""The sections of a run, a file each, and what they share."""
