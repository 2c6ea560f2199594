"""One value in one cell of a spreadsheet, made harmless. Pure."""

from __future__ import annotations

# What a spreadsheet takes for a formula; tabs and line ends are skipped before it looks, and some
# take full-width signs for plain ones (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def cell_text(value: object) -> str:
    """A finding's value as the text of a cell, harmless; nothing for null."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)
        case _:
            return harmless(str(value))
