"""The tables of the dialogue: where it can stand, and which commands mean something to us."""

from __future__ import annotations

from enum import Enum, IntEnum, auto

from gateway.model import Outcome
from gateway.wire import answers
from gateway.wire.command import is_clean, verb


class Moment(Enum):
    """Where the session stands still until it is answered."""

    RECIPIENT = auto()
    STARTTLS = auto()
    ENVELOPE = auto()
    CONTENT_ENDED = auto()
    REPLIED = auto()


class Phase(Enum):
    """What the client's next bytes are."""

    GREETING = auto()  # early: held until the next hop's banner is here
    COMMANDS = auto()
    RCPT_ASKED = auto()  # held: whether a recipient may be named is being decided
    TLS_ASKED = auto()  # held, and thrown away: what precedes TLS must not be taken for more
    DATA_ASKED = auto()  # held: content or commands, as DATA's reply will tell
    BDAT_ASKED = auto()  # held: the first chunk, until every recipient is answered
    CONTENT = auto()
    DOT = auto()  # held: the final dot awaits its release
    DOOMED = auto()  # the dialogue is broken: 421 to whatever comes
    OVER = auto()


class Await(IntEnum):
    """The command whose reply is awaited, as far as it or its reply means something to us."""

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
    # What stands from here on is answered by us, in its turn.
    OURS = auto()
    OUR_XFORWARD = auto()
    OUR_STARTTLS = auto()
    # Refused by us: what would not work from end to end.
    REFUSED = auto()
    STARTTLS = auto()
    CHUNK = auto()
    TOO_LONG = auto()
    UNCLEAN = auto()


# Their members as names of their own: before Python 3.12 an attribute of a class is looked up
# anew each time, a global is not, and every packet asks for some ten of them.
(
    GREETING,
    COMMANDS,
    RCPT_ASKED,
    TLS_ASKED,
    DATA_ASKED,
    BDAT_ASKED,
    CONTENT,
    DOT,
    DOOMED,
    OVER,
) = Phase
AT_RECIPIENT, AT_STARTTLS, AT_ENVELOPE, AT_CONTENT_ENDED, AT_REPLIED = Moment
FOR_OTHER, FOR_BANNER, FOR_HELO, FOR_EHLO = Await.OTHER, Await.BANNER, Await.HELO, Await.EHLO
FOR_MAIL, FOR_RCPT, FOR_DATA, FOR_DOT = Await.MAIL, Await.RCPT, Await.DATA, Await.DOT
FOR_RSET, FOR_QUIT, FOR_XFORWARD = Await.RSET, Await.QUIT, Await.XFORWARD
FOR_OURS, FOR_OUR_XFORWARD, FOR_OUR_STARTTLS = (
    Await.OURS,
    Await.OUR_XFORWARD,
    Await.OUR_STARTTLS,
)
FOR_STARTTLS, FOR_CHUNK = Await.STARTTLS, Await.CHUNK

_MEANINGS = {
    b"HELO": Await.HELO,
    b"EHLO": Await.EHLO,
    b"MAIL": Await.MAIL,
    b"RCPT": Await.RCPT,
    b"DATA": Await.DATA,
    b"RSET": Await.RSET,
    b"QUIT": Await.QUIT,
    b"XFORWARD": Await.XFORWARD,
    b"BDAT": Await.CHUNK,
    b"STARTTLS": Await.STARTTLS,
    **dict.fromkeys((b"AUTH", b"BURL", b"XCLIENT", b"ETRN", b"TURN", b"ATRN"), Await.REFUSED),
}

# The first five bytes of the commuter traffic, known without splitting the line.
_USUAL = {b"MAIL ": Await.MAIL, b"RCPT ": Await.RCPT, b"DATA\r": Await.DATA}


def meaning(line: bytes) -> Await:
    """What a framed command line is to us; ``b""`` stands for one that was too long."""
    if not line:
        return Await.TOO_LONG
    if not is_clean(line):
        return Await.UNCLEAN
    return _USUAL.get(line[:5]) or _MEANINGS.get(verb(line), Await.OTHER)


OUR_ANSWERS = {
    Await.REFUSED: answers.NOT_OFFERED,
    Await.STARTTLS: answers.NOT_OFFERED,
    Await.CHUNK: answers.NOT_OFFERED,
    Await.TOO_LONG: answers.LINE_TOO_LONG,
    Await.UNCLEAN: answers.LINE_UNCLEAN,
}
"""The replies to what never goes on."""

OUTCOMES = {2: Outcome.DELIVERED, 4: Outcome.FAILED, 5: Outcome.REFUSED}
"""By the first digit of the reply to the final dot."""
