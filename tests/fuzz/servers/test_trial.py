"""What the trial rests on: lines that are known again, and domains that are whose we think."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.servers import lines, reached, rfc5321
from tests.fuzz.servers.trial import Case, Trial
from tests.fuzz.servers.verdict import verdict


@pytest.mark.parametrize("domain", [*lines.LISTED, *lines.INNOCENT, lines.OURS])
def test_each_domain_of_the_grammar_is_whose_we_think(domain):
    expected = "listed" if domain in lines.LISTED else "clear"
    assert verdict(f"RCPT TO:<u@{domain}>".encode()) == expected
    assert reached.is_listed(f"u@{domain}".encode()) == (expected == "listed")


def test_the_listed_mailbox_is_listed_and_its_neighbours_are_not():
    local, domain = lines.LISTED_MAILBOX
    for mailbox, expected in ((local, True), (f"{local}+u000001", True), (f"{local}x", False)):
        path = f"{mailbox}@{domain}".encode()
        assert reached.is_listed(path) is expected
        assert (verdict(b"RCPT TO:<" + path + b">") == "listed") is expected


def test_a_seed_gives_its_lines_and_each_line_can_be_said_and_known_again():
    made = [lines.line(random.Random(7), number) for number in range(2000)]
    assert made == [lines.line(random.Random(7), number) for number in range(2000)]
    rng = random.Random(8)
    made = [lines.line(rng, number) for number in range(2000)]
    assert len(set(made)) == len(made)
    for number, line in enumerate(made):
        assert not set(line) & set(b"\r\n\0"), line
        assert lines.marks(line) <= {number}, line
    assert sum(lines.marks(line) == {number} for number, line in enumerate(made)) > 1900


@pytest.mark.parametrize(
    ("line", "domain"),
    [
        (b"RCPT TO:<u@mipt.ru>", "mipt.ru"),
        (b"rcpt to:<u@mipt.ru> NOTIFY=NEVER ORCPT=rfc822;u+40x", "mipt.ru"),
        (b"RCPT TO:<@a.example,@b.example:u@mipt.ru>", "mipt.ru"),
        (b'RCPT TO:<"u@mipt.ru> "@gmail.com>', "gmail.com"),
        (b'RCPT TO:<"u\\"@mipt.ru"@gmail.com>', "gmail.com"),
        (b"RCPT TO:<u%mipt.ru@[127.0.0.1]>", "[127.0.0.1]"),
        ("RCPT TO:<ü@bücher.example>".encode(), "bücher.example"),
        (b"RCPT TO:<mipt.ru!u@[IPv6:::1]>", "[IPv6:::1]"),
        (b"RCPT TO:<u@mipt.ru.>", None),
        (b"RCPT TO: <u@mipt.ru>", None),
        (b"RCPT TO:<u@mipt.ru(x)>", None),
        (b"RCPT TO:<u@a@mipt.ru>", None),
        (b"RCPT TO:<a..b@mipt.ru>", None),
        (b"RCPT TO:<u@mipt.ru> <x>", None),
        (b"RCPT TO:u@mipt.ru", None),
        (b"RCPT TO:<\xff@mipt.ru>", None),
    ],
)
def test_the_strict_reading_is_that_of_the_rfc(line, domain):
    assert rfc5321.domain(line) == domain


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        (b"u@MIPT.ru.", True),
        (b"u@a.b.mipt.ru", True),
        (b"u@notmipt.ru", False),
        (b'"u@mipt.ru"@gmail.com', False),
        (b"@mipt.ru:u@gmail.com", True),
        (b"@gmail.com:u@mipt.ru", False),
        ("u@mipt\uff0eru".encode(), True),
        ("u@mipt.ru\u00a0".encode(), True),
        (b"u@[127.0.0.1]", False),
    ],
)
def test_a_delivery_is_whose_the_server_says(path, listed):
    assert reached.is_listed(path) is listed


@pytest.mark.parametrize(
    ("line", "reaches"),
    [
        (b"RCPT TO:<(x)almaz_zakupki@mail.ru>", True),
        (b"RCPT TO:<=almaz_zakupki@mail.ru>", False),
    ],
)
def test_a_sign_that_exim_put_there_is_no_part_of_the_mailbox(line, reaches):
    assert Case(1, line, (b"=almaz_zakupki@mail.ru",), "review").reaches_listed is reaches


def _trial(line, delivered, said):
    return Trial("s", 1, 0, 1, 0, 0, [Case(1, line, delivered, said)])


@pytest.mark.parametrize(
    ("line", "delivered", "said", "found"),
    [
        (b"RCPT TO:<u@mipt.ru>", (b"u@mipt.ru",), "clear", "unseen"),
        (b"RCPT TO:<u@mipt.ru>", (b"u@gmail.com", b"u@mipt.ru"), "clear", "unseen"),
        (b"RCPT TO:<u@mipt.ru>", (b"u@mipt.ru",), "listed", None),
        (b"RCPT TO:<(x)u@mipt.ru>", (b"u@mipt.ru",), "unreadable", None),
        (b"RCPT TO:<(u@mipt.ru)u@gmail.com>", (b"u@gmail.com",), "listed", "accused"),
        (b"RCPT TO:<(u@mipt.ru)u@gmail.com>", (b"u@gmail.com",), "review", None),
        (b"RCPT TO:<(u@mipt.ru)u@gmail.com>", (), "listed", None),
        # What the RFC reads needs no server to be wrong, and none makes it right.
        (b'RCPT TO:<"u@mipt.ru"@gmail.com>', (), "listed", "accused"),
        (b'RCPT TO:<"u@mipt.ru"@gmail.com>', (b"u@mipt.ru",), "listed", "accused"),
        (b"RCPT TO:<@gmail.com:u@mipt.ru>", (b"@gmail.com:u@mipt.ru",), "listed", "differing"),
    ],
)
def test_a_trial_tells_what_is_not_as_it_is_to_be(line, delivered, said, found):
    trial = _trial(line, delivered, said)
    for name in ("unseen", "accused", "differing"):
        assert len(getattr(trial, name)) == (name == found), name
    assert (repr(line) in trial.report()) == (found is not None)
