"""What docs/postfix.md tells people to paste is what is tested here, and does what it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gateway.relay.timeouts import FINAL_REPLY_SECONDS

REPO = Path(__file__).parents[3]
DOCS = (REPO / "docs/postfix.md").read_text()


def _run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    return ended.stdout


def _blocks(text: str) -> list[str]:
    return re.findall(r"(?ms)^```\S*\n(.*?)^```", text)


def _lines(text: str) -> list[str]:
    """The lines that say something to Postfix."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("mode", ["before", "after"])
def test_o01_the_documentation_shows_the_very_lines_that_are_tested(mode):
    tested = _lines((REPO / f"config/postfix/{mode}-queue.cf").read_text())
    shown = [_lines(block) for block in _blocks(DOCS)]
    assert tested in shown


def test_o01_the_readme_shows_lines_that_are_tested_and_none_of_its_own():
    tested = _lines((REPO / "config/postfix/after-queue.cf").read_text())
    (shown,) = [
        _lines(block)
        for block in _blocks((REPO / "README.md").read_text())
        if "content_filter" in block
    ]
    assert [line for line in tested if line in shown] == shown


@pytest.mark.e2e
def test_o05_the_listener_behind_us_keeps_its_own_guard(postfix):
    """As Postfix itself reads the pasted lines."""
    asked = ["smtpd_authorized_xforward_hosts", "smtpd_forbid_bare_newline"]
    asked += ["smtpd_forbid_bare_newline_exclusions", "content_filter", "smtpd_proxy_filter"]
    service = f"127.0.0.1:{postfix.behind}/inet"
    names = [f"{service}/{name}" for name in asked]
    said = _run("postconf", "-c", str(postfix.folder), "-P", *names)
    values = [line.partition(" = ")[2] for line in said.splitlines()]
    assert values == ["127.0.0.0/8", "yes", "", "", ""]


@pytest.mark.e2e
@pytest.mark.parametrize("lookalike", [b"\n.\r\n", b"\n.\n", b"\r.\r\n", b"\r.\r", b"\r\n.\n"])
def test_o05_a_lookalike_does_not_end_a_message_at_the_listener_behind_us(
    lookalike, postfix, client
):
    """It is exempt from Postfix's own defence unless the exclusions are set empty."""
    connection = client(postfix.behind)
    assert connection.say(b"MAIL FROM:<a@example.edu>").startswith(b"250")
    assert connection.say(b"RCPT TO:<b@example.edu>").startswith(b"250")
    assert connection.say(b"DATA").startswith(b"354")
    smuggled = b"MAIL FROM:<evil@example.edu>\r\nRCPT TO:<c@example.edu>\r\nDATA\r\nx"
    end = connection.say(b"Subject: x\r\n\r\nx" + lookalike + smuggled + b"\r\n.")
    assert end.startswith(b"250 2.0.0 Ok: queued"), end
    # In step: what was smuggled in got no replies of its own.
    assert connection.say(b"NOOP").startswith(b"250 2.0.0 Ok\r\n")


@pytest.mark.e2e
def test_r20_postfix_waits_longer_for_us_than_we_do_for_it(postfix):
    service, name = {
        "before": (f"127.0.0.1:{postfix.front}/inet", "smtpd_proxy_timeout"),
        "after": ("monition/unix", "smtp_data_done_timeout"),
    }[postfix.mode]
    said = _run("postconf", "-c", str(postfix.folder), "-P", f"{service}/{name}")
    seconds = re.search(r"= (\d+)s$", said.strip())
    assert seconds
    assert int(seconds[1]) > FINAL_REPLY_SECONDS + 30


@pytest.mark.e2e
def test_o01_mail_is_checked_once_and_copied_once(postfix, gateway, client, maildir, eventually):
    """As it would be without us, although it goes through two services of Postfix."""
    subject = f"once-{postfix.mode}"
    for port in (postfix.bypass, postfix.front):
        content = f"Subject: {subject}-{port}\r\n\r\nx\r\n".encode()
        client(port).send("a@example.edu", f"{subject}@example.edu", content=content)
    eventually(lambda: len(maildir(postfix.mail, f"{subject}@example.edu")) == 2, "the mail")
    eventually(lambda: not postfix.queue(), "the queue to empty")
    copies = [mail.message["Subject"] for mail in maildir(postfix.mail, "archive@example.edu")]
    for port in (postfix.bypass, postfix.front):
        assert copies.count(f"{subject}-{port}") == 1
        assert postfix.log.count(f"info: header Subject: {subject}-{port} ") == 1


@pytest.mark.e2e
def test_the_documentation_tells_postfix_defaults_as_they_are(needs):
    """Every "`name = value` by default" in docs/postfix.md, asked of the Postfix at hand."""
    told = re.findall(r"`(\w+) = ([^`]*)` by default", DOCS)
    assert len(told) >= 3
    for name, value in told:
        assert _run(needs("postconf"), "-dh", name).strip() == value.strip(), name


@pytest.mark.e2e
def test_o01_taken_out_again_it_leaves_no_message_behind(new_postfix, client, eventually, maildir):
    """The steps of docs/postfix.md, with a gateway that never runs."""
    postfix = new_postfix("after")
    content = b"Subject: waits\r\n\r\nx\r\n"
    client(postfix.front).send("a@example.edu", "b@example.edu", content=content)
    eventually(lambda: "Connection refused" in postfix.queue(), "mail to wait in the queue")
    postfix.without_filter()

    def goes_straight_on():
        # A service that was running before the reload may take one more message as it was told to.
        client(postfix.front).send("a@example.edu", "c@example.edu", content=content)
        return maildir(postfix.mail, "c@example.edu")

    eventually(goes_straight_on, "new mail to go straight on")
    assert "b@example.edu" in postfix.queue()
    postfix.postsuper("-r", "ALL")
    (mail,) = eventually(lambda: maildir(postfix.mail, "b@example.edu"), "what waited to go on")
    assert mail.content == content
    eventually(lambda: not postfix.queue(), "the queue to empty")
