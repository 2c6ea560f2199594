"""The manners of a warning. Pure."""
