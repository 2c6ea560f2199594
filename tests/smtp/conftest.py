"""A playbook for the sans-IO session: who says what, and what must come of it."""

import pytest

from gateway.smtp.dialogue_states import Moment
from gateway.smtp.session import Session

EHLO = b"250-mx.example\r\n250-PIPELINING\r\n250-XFORWARD NAME ADDR\r\n250 DSN\r\n"


class Play:
    """``client``/``hop`` speak; each returns what went to the (client, hop) because of it."""

    def __init__(self, **options):
        self.session = Session(**options)

    def _taken(self):
        session = self.session
        out = b"".join(session.to_client), b"".join(session.to_next_hop)
        session.to_client.clear()
        session.to_next_hop.clear()
        return out

    def client(self, data):
        self.session.receive_from_client(data)
        return self._taken()

    def hop(self, data):
        self.session.receive_from_next_hop(data)
        return self._taken()

    def do(self, name, **arguments):
        getattr(self.session, name)(**arguments)
        return self._taken()

    def greeted(self):
        assert self.hop(b"220 mx ESMTP\r\n") == (b"220 mx ESMTP\r\n", b"")
        return self

    def ehlo(self, reply=EHLO):
        self.client(b"EHLO client.example\r\n")
        self.hop(reply)
        return self

    def envelope(self, *recipients, sender=b"<prof@example.edu>"):
        """To ``Moment.ENVELOPE`` with these recipients accepted."""
        self.client(b"MAIL FROM:" + sender + b"\r\n")
        self.hop(b"250 2.1.0 Ok\r\n")
        for recipient in recipients or (b"<a@mipt.ru>",):
            self.client(b"RCPT TO:" + recipient + b"\r\n")
            self.hop(b"250 2.1.5 Ok\r\n")
        self.client(b"DATA\r\n")
        assert self.hop(b"354 go on\r\n") == (b"", b"")
        assert self.session.moment is Moment.ENVELOPE
        return self

    def content(self, *, watch):
        """Into the content."""
        self.envelope()
        assert self.do("start_content", is_matched=watch) == (b"354 go on\r\n", b"")
        return self


@pytest.fixture
def play():
    """A session at its greeting; options as of ``Session``."""
    return Play


@pytest.fixture
def ready(play):
    """A session whose client has said EHLO."""
    return play().greeted().ehlo()
