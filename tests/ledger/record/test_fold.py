"""A name is folded in Python as in SQL: else what is sought by it would not be found."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from gateway.ledger.record.fold import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("Jane.DOE@Example.EDU", "jane.doe@example.edu"),
        ("JÜRGEN@example.edu", "jÜrgen@example.edu"),
        ("\u212aelvin@example.edu", "\u212aelvin@example.edu"),
    ],
)
def test_it_is_what_sqlite_makes_of_it(text: str, folded: str) -> None:
    assert fold(text) == folded
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT lower(?)", (text,)).fetchone() == (folded,)
