"""The tables of the dialogue: where it can stand, and which commands mean something to us."""

from __future__ import annotations

import re
from enum import Enum, IntEnum, auto
from typing import Final

from gateway.model import Outcome
from gateway.smtp import own_replies
from gateway.smtp.commands import is_clean, verb

HELD_LIMIT: Final = 65536
"""Bytes of the client's that are held before its reading pauses."""

HOP_HELD_LIMIT: Final = 131072
"""The same of the next hop's: more than the longest reply has."""

PENDING_LIMIT: Final = 2000
"""Commands in flight before the client's reading pauses: 1,000 recipients twice over."""

IN_FLIGHT_LIMIT: Final = 6000
"""Commands in flight before others stay held, also of what one read has brought already."""

TURN_LIMIT: Final = 2000
"""Commands of one client's that are taken before others have their turn."""


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
    RCPT_ASKED = auto()  # held: whether a recipient may be named is still to be decided
    TLS_ASKED = auto()  # held, and thrown away: what precedes TLS must not be taken for more
    DATA_ASKED = auto()  # held: content or commands, as DATA's reply will tell
    BDAT_ASKED = auto()  # held: a chunk, until everything before it is answered
    CONTENT = auto()
    DOT = auto()  # held: the final dot awaits its release
    FAILED = auto()  # the dialogue is broken: 421 to whatever comes
    CLOSED = auto()


class ReplyFor(IntEnum):
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
    PART = auto()  # a chunk that is not the last
    XFORWARD = auto()
    # By a 2xx the next hop shows that it is no SMTP server: to the client's LHLO, or to ours.
    PROBE = auto()
    LHLO = auto()
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
# anew each time, a global is not, and every packet asks for some ten of them. That they are final
# lets a compiled build do without even that.
GREETING: Final = Phase.GREETING
COMMANDS: Final = Phase.COMMANDS
RCPT_ASKED: Final = Phase.RCPT_ASKED
TLS_ASKED: Final = Phase.TLS_ASKED
DATA_ASKED: Final = Phase.DATA_ASKED
BDAT_ASKED: Final = Phase.BDAT_ASKED
CONTENT: Final = Phase.CONTENT
DOT: Final = Phase.DOT
FAILED: Final = Phase.FAILED
CLOSED: Final = Phase.CLOSED
AT_RECIPIENT: Final = Moment.RECIPIENT
AT_STARTTLS: Final = Moment.STARTTLS
AT_ENVELOPE: Final = Moment.ENVELOPE
AT_CONTENT_ENDED: Final = Moment.CONTENT_ENDED
AT_REPLIED: Final = Moment.REPLIED
FOR_OTHER: Final = ReplyFor.OTHER
FOR_BANNER: Final = ReplyFor.BANNER
FOR_HELO: Final = ReplyFor.HELO
FOR_EHLO: Final = ReplyFor.EHLO
FOR_MAIL: Final = ReplyFor.MAIL
FOR_RCPT: Final = ReplyFor.RCPT
FOR_DATA: Final = ReplyFor.DATA
FOR_DOT: Final = ReplyFor.DOT
FOR_RSET: Final = ReplyFor.RSET
FOR_QUIT: Final = ReplyFor.QUIT
FOR_PART: Final = ReplyFor.PART
FOR_PROBE: Final = ReplyFor.PROBE
FOR_XFORWARD: Final = ReplyFor.XFORWARD
FOR_OURS: Final = ReplyFor.OURS
FOR_OUR_XFORWARD: Final = ReplyFor.OUR_XFORWARD
FOR_OUR_STARTTLS: Final = ReplyFor.OUR_STARTTLS
FOR_STARTTLS: Final = ReplyFor.STARTTLS
FOR_CHUNK: Final = ReplyFor.CHUNK
_TOO_LONG: Final = ReplyFor.TOO_LONG
_UNCLEAN: Final = ReplyFor.UNCLEAN

_MEANINGS: Final = {
    b"HELO": ReplyFor.HELO,
    b"EHLO": ReplyFor.EHLO,
    b"MAIL": ReplyFor.MAIL,
    b"RCPT": ReplyFor.RCPT,
    b"DATA": ReplyFor.DATA,
    b"RSET": ReplyFor.RSET,
    b"QUIT": ReplyFor.QUIT,
    b"XFORWARD": ReplyFor.XFORWARD,
    b"BDAT": ReplyFor.CHUNK,
    b"LHLO": ReplyFor.LHLO,
    b"STARTTLS": ReplyFor.STARTTLS,
    **dict.fromkeys((b"AUTH", b"BURL", b"XCLIENT", b"ETRN", b"TURN", b"ATRN"), ReplyFor.REFUSED),
}

# The first letters of a line, whatever stands before and behind them.
_WORD: Final = re.compile(rb"[^A-Za-z]*([A-Za-z]+)")


# The first five bytes of the commuter traffic, known without splitting the line.
_USUAL: Final = {
    b"MAIL ": ReplyFor.MAIL,
    b"RCPT ": ReplyFor.RCPT,
    b"DATA\r": ReplyFor.DATA,
    b"EHLO ": ReplyFor.EHLO,
    b"HELO ": ReplyFor.HELO,
    b"RSET\r": ReplyFor.RSET,
    b"QUIT\r": ReplyFor.QUIT,
}


def classify_command(line: bytes) -> ReplyFor:
    """What a framed command line is to us; ``b""`` stands for one that was too long."""
    if not line:
        return _TOO_LONG
    return classify_clean_command(line) if is_clean(line) else _UNCLEAN


def classify_clean_command(line: bytes) -> ReplyFor:
    """What a command line is to us of which is known that it is clean."""
    return _USUAL.get(line[:5]) or _MEANINGS.get(verb(line)) or _unknown(line)


def _unknown(line: bytes) -> ReplyFor:
    """What an unknown verb is: refused where a laxer server might read one of ours in it.

    One that skips or ends a word at bytes which are no white space to us (a no-break space, a
    quote, a colon) would take what follows for content, or a recipient for named.
    """
    word = _WORD.match(line)
    return ReplyFor.REFUSED if word is not None and word[1].upper() in _MEANINGS else FOR_OTHER


OWN_REPLIES: Final = {
    ReplyFor.REFUSED: own_replies.NOT_OFFERED,
    ReplyFor.STARTTLS: own_replies.NOT_OFFERED,
    ReplyFor.CHUNK: own_replies.NOT_OFFERED,
    ReplyFor.TOO_LONG: own_replies.LINE_TOO_LONG,
    ReplyFor.UNCLEAN: own_replies.LINE_UNCLEAN,
}
"""The replies to what never goes on."""

UNKNOWN_COMMAND: Final = (500, 502)
"""The codes for a command that the server does not know, or does not have."""

OUTCOMES: Final = {2: Outcome.DELIVERED, 4: Outcome.FAILED, 5: Outcome.REFUSED}
"""By the first digit of the reply to the final dot."""
