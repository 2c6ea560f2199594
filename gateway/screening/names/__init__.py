"""Institutions found by their names: approximately, and explained. Pure."""
