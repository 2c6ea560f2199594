from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.record.events import notified
from gateway.ledger.store.pseudonyms import Pseudonyms
from gateway.ledger.verify.derived_tables_check import derived_table_flaws
from gateway.ledger.verify.verification import verify_ledger

COLUMNS = (
    *("id", "at", "sender", "recipient", "department", "standing", "kind", "tier", "entity"),
    *("entity_name", "list", "programme", "matched", "rule", "action", "policy_rule", "outcome"),
    *("notice", "notice_id", "disposition", "licence", "held"),
)
TABLES = ("event", "personal", "facet", "awaiting", "name")


@pytest.fixture
def written(mail, folder, start):
    """Three messages, the last one pending; the closed ledger."""
    ledger = start()
    for number in range(3):
        found = mail.records(f"m{number}", sender=b"prof%d@example.edu" % number)
        ledger.observe(found).result()
        if number < 2:
            ledger.settle(mail.settlement(f"m{number}", found)).result()
    ledger.close()
    return folder / "ledger.db"


@pytest.fixture
def flaws(written):
    def flaws():
        return [str(flaw) for flaw in verify_ledger(written).flaws]

    return flaws


def test_what_was_written_is_found_by_what_it_is(flaws):
    assert flaws() == []


def test_the_table_of_facets_has_no_other_columns(written, rows):
    found = [row["name"] for row in rows("SELECT name FROM pragma_table_info('facet')")]
    assert sorted(found) == sorted([*COLUMNS, "seq"])


@pytest.mark.parametrize("column", COLUMNS)
def test_a02_a_changed_column_of_a_facet_is_named_with_its_row(
    written, tamper, flaws, rows, column
):
    seq, id_ = rows("SELECT seq, id FROM facet ORDER BY seq")[1].values()
    tamper((f"UPDATE facet SET {column} = '7' WHERE seq = ?", (seq,)))
    id_ = id_ if column != "id" else flaws()[0].partition("(")[2].partition(")")[0]
    assert any(f.startswith(f"row {seq} ({id_}): what it is sought by") for f in flaws())


def test_a02_the_first_of_several_changed_facets_is_named(tamper, flaws, rows):
    first = rows("SELECT min(seq) AS seq FROM facet")[0]["seq"]
    tamper("UPDATE facet SET tier = 'advisory'")
    assert flaws()[0].startswith(f"row {first} (")


def test_a02_a_facet_that_was_taken_out_or_put_in_is_found(tamper, flaws, rows):
    seq = rows("SELECT max(seq) AS seq FROM facet")[0]["seq"]
    tamper(("DELETE FROM facet WHERE seq = ?", (seq,)))
    assert any(f.startswith(f"row {seq} (") for f in flaws())
    tamper(
        "DELETE FROM facet",
        "INSERT INTO facet SELECT * FROM sealed_facet",
        "INSERT INTO facet (seq, id, at) SELECT seq, id, at FROM event WHERE kind = 'STARTED'",
    )
    (flaw, *_) = flaws()
    assert flaw.startswith("row 1 (")
    assert "what it is sought by" in flaw


def test_a02_what_awaits_its_end_is_compared_with_the_events(tamper, flaws, rows):
    waiting = rows("SELECT event, message, process FROM awaiting")[0]
    tamper("DELETE FROM awaiting")
    (flaw,) = flaws()
    assert flaw.startswith(f"{waiting['event']}: whether it still awaits its end")
    settled = rows("SELECT id FROM facet WHERE outcome <> 'pending'")[0]["id"]
    tamper(
        ("INSERT INTO awaiting VALUES (?, ?, ?)", tuple(waiting.values())),
        ("INSERT INTO awaiting VALUES (?, 'm0', 'p')", (settled,)),
    )
    assert flaws()[0].startswith(f"{settled}: whether it still awaits")


@pytest.mark.parametrize("kind", ["sender", "recipient", "entity"])
def test_a07_a_name_that_is_missing_is_told(tamper, flaws, kind):
    tamper(
        f"DELETE FROM name WHERE kind = '{kind}'",
        "INSERT INTO name_text (name_text) VALUES ('rebuild')",
    )
    assert flaws() == [f"a {kind} is missing among the names that --text looks in"]


@pytest.mark.parametrize("kind", ["sender", "recipient"])
def test_a03_the_name_of_somebody_who_has_no_finding_is_told(tamper, flaws, kind):
    tamper(
        f"INSERT INTO name (kind, value) VALUES ('{kind}', 'left@example.edu')",
        "INSERT INTO name_text (name_text) VALUES ('rebuild')",
    )
    assert flaws() == [
        f"a {kind} stands among the names whom no finding has: forged, or not erased"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO name_text (name_text, rowid, value) SELECT 'delete', id, value FROM name",
        "INSERT INTO name_text (rowid, value) VALUES (1, 'somebody else')",
        "UPDATE name SET value = value || 'x' WHERE kind = 'entity'",
        "UPDATE name_text_data SET block = x'00' WHERE id > 10",
    ],
)
def test_a07_a_full_text_index_that_misses_a_name_is_told(tamper, flaws, statement):
    tamper(statement)
    assert any("full-text index" in flaw or "missing among" in flaw for flaw in flaws())


def test_a02_a_flipped_byte_in_what_rows_are_found_by_is_found(written, tmp_path):
    """In the pages of the facets, the names, their indexes: found, or of no consequence."""
    raw = written.read_bytes()
    with closing(sqlite3.connect(written)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE rootpage > 0 AND "
            "(tbl_name IN ('facet', 'name', 'awaiting') OR tbl_name LIKE 'name\\_%' ESCAPE '\\')"
        ).fetchall()
        before = contents(connection)
    dice = random.Random(5)
    copy = tmp_path / "copy.db"
    unseen = 0
    for _ in range(120):
        page = (dice.choice(roots)[0] - 1) * size
        # Rows lie at the end of a page, what leads to them at its beginning.
        within = dice.choice((dice.randrange(40), size - 1 - dice.randrange(400)))
        changed = bytearray(raw)
        changed[page + within] ^= 1 << dice.randrange(8)
        copy.write_bytes(changed)
        try:
            if not verify_ledger(copy).is_intact:
                continue
        except LedgerError:
            continue
        unseen += 1
        with closing(sqlite3.connect(copy)) as connection:
            assert contents(connection) == before, f"the flip at byte {page + within} went unseen"
    assert unseen < 120


def contents(connection):
    tables = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]
    found = [
        connection.execute(
            "SELECT rowid FROM name_text WHERE name_text MATCH ? ORDER BY rowid", (word,)
        ).fetchall()
        for word in ("prof0", "prof1", "ivan", "moscow", "tech*", "example")
    ]
    return tables, found


@pytest.fixture
def edit(written):
    def edit(*statements):
        with closing(sqlite3.connect(written)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return edit


def test_a02_another_key_of_the_pseudonyms_is_found(written, edit):
    edit("UPDATE setting SET value = zeroblob(32) WHERE name = 'pseudonym_key'")
    assert [flaw.seq for flaw in derived_table_flaws(written)] == [1]
    assert "not the one that this event tells of" in derived_table_flaws(written)[0].what
    edit("DELETE FROM setting")
    assert [flaw.seq for flaw in derived_table_flaws(written)] == [1]


def test_a_key_that_no_event_tells_of_yet_is_nobodys_fault(case):
    """As in a ledger that was just brought up to date: the next start tells of it."""
    assert not any("pseudonyms" in flaw.what for flaw in derived_table_flaws(case.path))


def test_a02_a_notice_that_would_never_go_is_found(written, edit):
    notice = waiting(written)[0]
    edit("DELETE FROM notice_window", "DELETE FROM outbox")
    assert [str(flaw) for flaw in derived_table_flaws(written)] == [
        (
            f"the notice {notice} is to be sent, by the events, and does not wait in the outbox: "
            "it would never go"
        )
    ]


def test_a02_a_notice_that_was_sent_and_waits_again_is_found(written, edit):
    notice = waiting(written)[0]
    facts = {"notice": notice, "result": "sent", "attempts": 1}
    office_writer.append(
        written, [notified(facts, process="p", at=datetime.now(UTC), entropy=os.urandom)]
    )
    (flaw,) = derived_table_flaws(written)
    assert "and no event says that it is to be sent" in flaw.what


def test_a02_a_notice_that_waits_for_somebody_else_is_found(written, edit):
    edit("UPDATE outbox SET recipient = 'other@example.edu'")
    assert [flaw.what.partition(" waits ")[2] for flaw in derived_table_flaws(written)] == [
        "in the outbox for another than the sender of its message",
        "in the outbox for another than its request names",
    ]
    edit(
        "UPDATE outbox SET recipient = upper((SELECT sender FROM facet f WHERE f.id = outbox.id))",
        "UPDATE outbox SET request = json_set(request, '$.to', recipient)",
    )
    assert derived_table_flaws(written) == []


@pytest.mark.parametrize(
    ("to", "mailbox", "is_theirs"),
    [
        ("PROF0+a@example.edu", "", True),
        ("prvs=0123456789=prof0@example.edu", "prof0@example.edu", True),
        ("pr.of0@example.org", "prof0@example.edu", True),
        ("pr.of0@example.edu", "", False),
        ("other+prof0@example.edu", "prof0@example.edu", False),
        ("jane+prof0@example.edu", "", False),
    ],
)
def test_s18_a_notice_waits_for_its_sender_in_the_envelope_s_spelling(
    written, edit, to, mailbox, is_theirs
):
    notice = waiting(written)[0]
    edit(
        "CREATE TEMP TABLE spelt AS SELECT "
        f"'{notice}' AS id, '{to}' AS address, '{mailbox}' AS mailbox",
        "UPDATE outbox SET recipient = (SELECT address FROM spelt), request = json_set(request, "
        "'$.to', (SELECT address FROM spelt), '$.mailbox', (SELECT mailbox FROM spelt)) "
        "WHERE id = (SELECT id FROM spelt)",
    )
    assert [flaw.what.partition(" waits ")[2] for flaw in derived_table_flaws(written)] == (
        [] if is_theirs else ["in the outbox for another than the sender of its message"]
    )


def waiting(path):
    with closing(sqlite3.connect(path)) as connection:
        return [id_ for (id_,) in connection.execute("SELECT id FROM outbox ORDER BY id")]


@pytest.mark.parametrize("value", ["zeroblob(31)", "'a text of thirty-two characters...'", "7"])
def test_a02_a_key_that_is_none_is_told_in_words(written, edit, value):
    edit(f"UPDATE setting SET value = {value}")
    with (
        closing(sqlite3.connect(written)) as connection,
        pytest.raises(LedgerError, match=r"is not 32 random bytes any more: .* a backup"),
    ):
        Pseudonyms.of(connection)
    assert any("key of the pseudonyms" in flaw.what for flaw in derived_table_flaws(written))
