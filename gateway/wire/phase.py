"""The tables of the dialogue: where it can stand, and which commands mean something to us."""

from __future__ import annotations

from enum import Enum, IntEnum, auto

from gateway.model import Outcome


class Moment(Enum):
    """Where the session stands still until it is answered."""

    ENVELOPE = auto()
    CONTENT_ENDED = auto()
    REPLIED = auto()


class Phase(Enum):
    """What the client's next bytes are."""

    GREETING = auto()  # early: held until the next hop's banner is here
    COMMANDS = auto()
    DATA_ASKED = auto()  # held: content or commands, as DATA's reply will tell
    CONTENT = auto()
    SWALLOW = auto()  # content that goes nowhere; its reply is decided already
    DOT = auto()  # held: the final dot awaits its release
    DOOMED = auto()  # the dialogue is broken: 421 to whatever comes
    OVER = auto()


class Await(IntEnum):
    """The command whose reply is awaited, as far as its reply means something to us."""

    OTHER = auto()
    BANNER = auto()
    HELO = auto()
    EHLO = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    RSET = auto()
    QUIT = auto()
    XFORWARD = auto()
    # The two below are answered by us, in their turn.
    OURS = auto()
    OUR_XFORWARD = auto()


MEANING = {
    b"HELO": Await.HELO,
    b"EHLO": Await.EHLO,
    b"MAIL": Await.MAIL,
    b"RCPT": Await.RCPT,
    b"DATA": Await.DATA,
    b"RSET": Await.RSET,
    b"QUIT": Await.QUIT,
}

USUAL = {b"MAIL ": Await.MAIL, b"RCPT ": Await.RCPT, b"DATA\r": Await.DATA}
"""The first five bytes of the commuter traffic: known without splitting the line."""

NOT_OFFERED = frozenset({b"AUTH", b"BURL", b"XCLIENT", b"ETRN", b"TURN", b"ATRN", b"STARTTLS"})
"""Commands that would not work from end to end; they are answered 502 and go nowhere."""

OUTCOMES = {2: Outcome.DELIVERED, 4: Outcome.FAILED, 5: Outcome.REFUSED}
"""By the first digit of the reply to the final dot."""
