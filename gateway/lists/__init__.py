"""Sanction lists as governments publish them, read as streams. Pure."""
