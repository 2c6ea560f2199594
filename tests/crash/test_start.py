"""What keeps the gateway from starting, and what does not."""

import smtplib
import socket
import subprocess
import sys
import threading

import pytest


def send(house, recipient, content=b"Subject: x\r\n\r\nx\r\n"):
    """One message; the code of the reply to its content."""
    client = smtplib.SMTP("127.0.0.1", house.port, timeout=30)
    try:
        client.helo("client.example")
        client.mail("prof@example.edu")
        client.rcpt(recipient)
        return client.data(content)[0]
    finally:
        client.close()


def ledger_faults(house):
    return [line for line in house.logged() if line["level"] == "error"]


def junk(house):
    house.ledger.write_bytes(b"no database, " * 1000)


def folder_missing(house):
    house.settings["ledger"] = str(house.folder / "missing" / "ledger.db")
    house.write_config()


@pytest.mark.parametrize("spoil", [junk, folder_missing])
def test_r17_an_unusable_ledger_does_not_keep_it_from_starting(house, spoil):
    spoil(house)
    house.start()
    assert any("ledger" in str(line) for line in ledger_faults(house))
    assert send(house, "friend@example.org") == 250
    assert send(house, "friend@mipt.ru") == 250
    assert b'"type":"settlement"' in (house.folder / "ledger.journal").read_bytes()
    assert house.end() == 0
    assert "friend" not in house.log


@pytest.mark.parametrize(("on_failure", "code"), [("defer", 451), ("deliver", 250)])
def test_r17_without_ledger_and_journal_only_the_matched_is_concerned(house, on_failure, code):
    folder_missing(house)
    house.settings["journal"] = str(house.folder / "missing" / "ledger.journal")
    house.settings["relay"] = f'on_ledger_failure = "{on_failure}"'
    house.write_config()
    house.start()
    assert send(house, "friend@mipt.ru") == code
    assert send(house, "friend@example.org") == 250
    assert house.end() == 0
    assert len(house.hop.mail()) == (1 if code == 451 else 2)


def test_r17_a_ledger_that_comes_back_is_used_again(house):
    house.ledger.mkdir()
    house.start()
    assert send(house, "friend@mipt.ru") == 250
    house.ledger.rmdir()
    house.until(lambda: house.ledger.is_file() and "in use again" in house.log)
    assert send(house, "other@mipt.ru") == 250
    assert house.end() == 0
    outcomes = house.rows("SELECT recipient, outcome FROM finding ORDER BY seq")
    assert outcomes == [("friend@mipt.ru", "delivered"), ("other@mipt.ru", "delivered")]


def test_a_taken_port_ends_it_with_a_clear_word(house):
    with socket.create_server(("127.0.0.1", house.port)):
        ended = house.monition("serve", "-c", house.config)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{house.port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_faulty_configuration_ends_it_with_file_line_and_key(house):
    text = house.config.read_text().replace("drain_seconds = 10", 'drain_seconds = "ten"')
    house.config.write_text(text)
    ended = house.monition("serve", "-c", house.config)
    assert ended.returncode == 2
    line = text[: text.index("drain_seconds")].count("\n") + 1
    assert f"{house.config}:{line}: relay.drain_seconds: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_but_its_own_user_can_read_what_it_writes(house):
    house.start()
    assert send(house, "friend@mipt.ru") == 250
    files = [file for file in house.folder.rglob("ledger*") if file.is_file()]
    assert files
    for file in files:
        assert file.stat().st_mode & 0o077 == 0, file
    assert house.end() == 0


def test_r15_memory_does_not_depend_on_message_size(house):
    """Twenty messages of 20 MB under way at once, 400 MB in all."""
    house.start()
    for recipient in ("friend@mipt.ru", "friend@example.org"):
        send(house, recipient)
    before = house.memory()
    piece, most = b"0123456789" * 6553 + b"\r\n", [0]
    together = threading.Barrier(21)

    def stream(recipient):
        with smtplib.SMTP("127.0.0.1", house.port, timeout=60) as client:
            client.helo("client.example")
            client.mail("prof@example.edu")
            client.rcpt(recipient)
            client.docmd("DATA")
            together.wait(60)
            for at in range(310):
                client.sock.sendall(piece)
                if at % 10 == 0:
                    most[0] = max(most[0], house.memory())
            client.sock.sendall(b".\r\n")
            assert client.getreply()[0] == 250

    kinds = ("friend@mipt.ru", "friend@example.org")
    threads = [threading.Thread(target=stream, args=(kinds[n % 2],)) for n in range(20)]
    for thread in threads:
        thread.start()
    together.wait(60)
    for thread in threads:
        thread.join()
    assert len([m for m in house.hop.mail() if len(m.content) > 20_000_000]) == 20
    assert most[0] - before < 40_000_000
    assert house.end() == 0


def test_r16_a_log_that_cannot_be_written_stops_no_mail(house):
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, not a file of ours
        house.process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "-c", house.config], stderr=full
        )

    def is_open():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", house.port)) == 0

    house.until(is_open)
    assert send(house, "friend@example.org") == 250
    assert send(house, "friend@mipt.ru") == 250
    house.until(house.hop.notices)
    assert house.end() == 0
    assert house.rows("SELECT outcome, notice FROM finding") == [("delivered", "sent")]
