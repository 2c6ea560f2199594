"""The snapshots made of lists and policies: built, kept, compared, in force."""
