"""Things told in lines of a heading and a text each, where a table would be too wide to read."""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

from gateway.cli.shared.tables import visible

INDENT = 5
HEADING = 10
NARROWEST = 40
UNKNOWN = 100
"""Columns where the output is no terminal."""


def paragraph(heading: str, text: str) -> str:
    """One heading with its text, wrapped so that it fits the terminal; ids and words stay whole."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNKNOWN
    return textwrap.fill(
        visible(text),
        max(columns, NARROWEST),
        initial_indent=f"{'':{INDENT}}{heading:{HEADING}}",
        subsequent_indent=" " * (INDENT + HEADING),
        break_long_words=False,
        break_on_hyphens=False,
    )


def fitted(line: str, hang: int = 4) -> str:
    """A line as it is or, on a terminal that is too narrow, broken between words.

    What does not fit begins ``hang`` columns further in, or where an indented line does.
    """
    if not sys.stdout.isatty():
        return line
    columns = max(shutil.get_terminal_size().columns, NARROWEST)
    plain = click.unstyle(line)
    if len(plain) <= columns:
        return line
    return textwrap.fill(
        line if plain == line else plain,
        columns,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def headline(score: int, text: str) -> str:
    """A score and what it is of: what the paragraphs below belong to."""
    return f"{score:>3}  {visible(text)}"
