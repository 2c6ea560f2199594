"""One sender who floods: told, bounded, and no cover for anybody else."""

import os
import signal
import sqlite3
from contextlib import closing

MESSAGES = int(os.environ.get("MONITION_FLOOD", "150"))
MOST_BYTES = 8192
"""Of the ledger, for a matched message with its settlement; docs/reliability.md has the figure."""


def send(client, sender, recipient):
    for line, code in (
        (f"MAIL FROM:<{sender}>", 250),
        (f"RCPT TO:<{recipient}>", 250),
        ("DATA", 354),
        ("Subject: a test\r\n\r\ntoken=1\r\n.", 250),
    ):
        assert client.ask(line) == code


def rows(folder, sql):
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        return database.execute(sql).fetchall()


def test_o08_a_flood_of_one_sender_is_told_without_a_name_and_hides_nobody(serve, until, tmp_path):
    gateway = serve(workers=1)
    with gateway.client() as flooder, gateway.client() as other:
        assert flooder.open() == other.open() == 250
        for number in range(MESSAGES):
            send(flooder, "flood@example.edu", f"a{number}@mipt.ru")
            if number == MESSAGES // 2:
                send(other, "prof@example.edu", "x@skoltech.ru")
    told, *_ = until(lambda: gateway.logged("an unusual rate of matches"), "it to be told")
    assert (told["of"], told["above"]) == ("sender", 60)
    assert "@" not in str(told)
    assert gateway.number('monition_match_rate_unusual{of="sender"}') == 1
    assert gateway.number('monition_match_rate_unusual{of="all"}') in {0, 1}
    assert gateway.get("/readyz")[0] == 200
    gateway.send(signal.SIGTERM)
    gateway.ended()
    counts = dict(rows(tmp_path, "SELECT sender, count(*) FROM finding GROUP BY sender"))
    assert counts == {"flood@example.edu": MESSAGES, "prof@example.edu": 1}
    # The message that the log names leads to the sender.
    (found,) = rows(
        tmp_path,
        "SELECT DISTINCT data FROM event JOIN personal ON event = id AND part = 'sender'"
        f" WHERE kind = 'OBSERVED' AND json_extract(facts, '$.message') = '{told['message']}'",
    )
    assert "flood@example.edu" in found[0]
    size = sum(path.stat().st_size for path in tmp_path.glob("ledger.db*") if path.is_file())
    print(f"{size / MESSAGES:.0f} bytes of the ledger a matched message")
    assert size / MESSAGES < MOST_BYTES
