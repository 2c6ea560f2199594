"""Imports: a list is taken in, weighed and kept, or removed."""
