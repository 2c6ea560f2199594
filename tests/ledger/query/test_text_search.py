from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.query import text_search
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.schema.schema_v2 import NAME, NAME_IS_INDEXED, NAME_TEXT, NAME_WORD

NAMES = {
    "sender": ["jane.smith@example.edu", "o'neill+lab@example.edu", "marie_curie@example.edu"],
    "recipient": [
        "sergey.ivanov@stud.mipt.ru",
        "ivanova_m@skoltech.ru",
        "hruscev@mipt.ru",
        "юлия@мфти.example",
    ],
    "entity": ["Moscow Institute of Physics and Technology", "Université de Genève"],
}


@pytest.fixture(scope="module")
def connection():
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (NAME, NAME_TEXT, NAME_WORD, NAME_IS_INDEXED):
            connection.execute(statement)
        for kind, values in NAMES.items():
            connection.executemany(
                "INSERT INTO name (kind, value) VALUES (?, ?)", [(kind, each) for each in values]
            )
        yield connection


def named(connection, asked):
    """The names in which a single word was found, and what it was taken for."""
    (word,) = text_search.search(connection, asked)
    if not word.query:
        return set(), word.taken
    rows = connection.execute(
        "SELECT value FROM name WHERE id IN (SELECT rowid FROM name_text WHERE name_text MATCH ?)",
        (word.query,),
    )
    return {value for (value,) in rows}, word.taken


IVANOVS = {"sergey.ivanov@stud.mipt.ru", "ivanova_m@skoltech.ru"}


@pytest.mark.parametrize("asked", ["ivanov", "IVANOV", "Ivánov"])
def test_a07_a_word_that_is_there_is_taken_as_it_is_with_those_it_begins(connection, asked):
    assert named(connection, asked) == (IVANOVS, ())


@pytest.mark.parametrize("asked", ["ivanow", "Iwanoff", "Иванов", "Ivanoff"])
def test_a07_another_spelling_of_the_sound_finds_the_name(connection, asked):
    found, taken = named(connection, asked)
    assert found == IVANOVS
    assert taken == ("ivanov",)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("vianov", "sergey.ivanov@stud.mipt.ru"),  # two letters exchanged
        ("skoltehc", "ivanova_m@skoltech.ru"),
        ("curje", "marie_curie@example.edu"),  # one letter wrong
        ("smth", "jane.smith@example.edu"),  # one missing
        ("smmith", "jane.smith@example.edu"),  # one too many
        ("tecnologi", "Moscow Institute of Physics and Technology"),  # two slips in a long one
    ],
)
def test_a07_a_slip_finds_the_nearest_word(connection, asked, name):
    found, taken = named(connection, asked)
    assert name in found
    assert taken


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Хрущев", "hruscev@mipt.ru"),
        ("Сергей", "sergey.ivanov@stud.mipt.ru"),
        ("Yulia", "юлия@мфти.example"),
        ("Geneve", "Université de Genève"),
        ("UNIVERSITÉ", "Université de Genève"),
    ],
)
def test_a07_other_alphabets_and_marks_make_no_difference(connection, asked, name):
    assert name in named(connection, asked)[0]
    decomposed = unicodedata.normalize("NFD", asked)
    assert name in named(connection, decomposed)[0]


def test_a_word_that_is_there_is_not_corrected(connection):
    assert named(connection, "curie") == ({"marie_curie@example.edu"}, ())


@pytest.mark.parametrize("asked", ["xyzzyq", "ab1", "漢"])
def test_a_word_like_none_finds_nothing(connection, asked):
    assert named(connection, asked) == (set(), ())


def test_words_end_where_addresses_are_cut(connection):
    words = text_search.search(connection, "o'neill+lab@example.edu")
    assert [word.asked for word in words] == ["o", "neill", "lab", "example", "edu"]
    assert all(word.query for word in words)


@pytest.mark.parametrize("asked", ["", " .@-_+ ", '"'])
def test_a_text_without_a_word_is_refused(connection, asked):
    with pytest.raises(LedgerError, match="holds no word: give letters or digits"):
        text_search.search(connection, asked)


def test_a_text_of_too_many_words_is_refused(connection):
    with pytest.raises(LedgerError, match=r"has 9 words, 8 are the most"):
        text_search.search(connection, "a b c d e f g h i")


@given(st.text())
def test_no_text_leads_to_another_error_nor_to_faulty_sql(connection, asked):
    try:
        words = text_search.search(connection, asked)
    except LedgerError:
        return
    for word in words:
        if word.query:
            connection.execute(
                "SELECT count(*) FROM name_text WHERE name_text MATCH ?", (word.query,)
            ).fetchone()


def test_a07_every_word_must_stand_in_the_sender_the_recipient_or_the_institution(past, folder):
    ours = past.saw("2026-03-01", "jane.smith@example.edu", "sergey.ivanov@stud.mipt.ru")
    past.saw("2026-03-02", "jane.smith@example.edu", "petr@stud.mipt.ru")
    past.saw("2026-03-03", "marie@example.edu", "sergey.ivanov@stud.mipt.ru")

    def found(asked):
        with LedgerReader(folder / "ledger.db") as reader:
            return [row["id"] for row in reader.findings(Filters(text=asked))]

    assert found("ivanow smiht") == [ours]
    assert found("smith ivanov mosocw") == [ours]
    assert found("smith nobodylikethat") == []
    assert len(found("moscow")) == 3


def test_common_words_find_the_same_rows_as_rare_ones(past, folder, monkeypatch):
    for number in range(5):
        past.saw("2026-03-01", f"s{number}@example.edu", f"r{number}@stud.mipt.ru")

    def found():
        with LedgerReader(folder / "ledger.db") as reader:
            (word,) = reader.words(Filters(text="mipt"))
            return word.is_common, [row["id"] for row in reader.findings(Filters(text="mipt"))]

    is_common, rows = found()
    assert not is_common
    monkeypatch.setattr(text_search, "MOST_COMMON", 2)
    assert found() == (True, rows)
    assert len(rows) == 5
