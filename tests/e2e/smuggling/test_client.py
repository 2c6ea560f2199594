"""A real Postfix in front of the gateway, which repairs nothing: what it lets out, and what not.

A bare LF never leaves a Postfix, for to it every LF is a line's end. Bare CRs and NULs do.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).parents[2]
streams = runpy.run_path(str(TESTS / "smuggling" / "streams.py"))
NAMED, HONEST, FORGED = streams["NAMED"], streams["HONEST"], streams["FORGED"]
FORMS = {**NAMED, **HONEST}
verdict = runpy.run_path(str(TESTS / "smuggling" / "oracle.py"))["verdict"]


def text(form):
    """A message with a form in it and a forged envelope behind; LF ends its lines."""
    header = b"From: prof@example.edu\nMessage-ID: <1@example.edu>\nDate: today\n\n"
    return header + b"text" + (form + b"\r\n" + FORGED).replace(b"\r\n", b"\n") + b"end\n"


def on_the_wire(text):
    """How a client sends it: each line's CRLF, and a dot more where it begins with one."""
    return re.sub(rb"(?m)^\.", b"..", text).replace(b"\n", b"\r\n") + b".\r\n"


@pytest.fixture
def outcome(postfix, gateways, maildir, eventually):
    """Ask what became of a recipient's mail: its content, or what the gateway said."""

    def outcome(recipient):
        eventually(postfix.is_idle, "the queue to be empty")
        (said,) = re.findall(rf"to=<{recipient}>, relay=127.*status=(.*)", postfix.log)
        mail = maildir(postfix.mail, recipient)
        return said, [each.content for each in mail]

    return outcome


@pytest.mark.parametrize("way", ["SMTP", "sendmail"])
def test_r10_what_a_postfix_in_front_lets_out_is_refused_or_arrives_unaltered(
    postfix, client, outcome, way
):
    straight, through = client(postfix.ports["bypass"]), client(postfix.ports["front"])
    names = {form: f"{way}.{at}" for at, form in enumerate(FORMS.values())}
    for form, name in names.items():
        content = text(form).replace(b"\n", b"\r\n")
        straight.send("prof@example.edu", f"{name}.straight@example.org", content=content)
        if way == "SMTP":
            through.send("prof@example.edu", f"{name}.through@example.org", content=content)
        else:
            postfix.sendmail("prof@example.edu", f"{name}.through@example.org", text(form))
    refused = set()
    for form, name in names.items():
        said, mail = outcome(f"{name}.through@example.org")
        if verdict(on_the_wire(text(form))).is_honest:
            assert said.startswith("sent"), (form, said)
            assert mail == outcome(f"{name}.straight@example.org")[1]
        else:
            assert said.startswith("bounced (host 127.0.0.1[127.0.0.1] said: 550 5.5.2 "), said
            assert mail == []
            refused.add(form)
    assert {NAMED["CR . CR"], NAMED["CRLF NUL . CRLF"]} <= refused < set(NAMED.values())
    assert "to=<victim@" not in postfix.log
