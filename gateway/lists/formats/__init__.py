"""The formats in which lists are published, a reader each. Pure."""
