"""Taking a list in, or doing without it."""
