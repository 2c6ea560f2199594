"""The few replies that are ours and not the next hop's. Their texts are generic on purpose.

A permanent one is given only where the behaviours name it: a command line that cannot be passed
on safely, a command that would not work from end to end, a chunk whose octets the next hop might
not count, XFORWARD from a stranger, and content with a look-alike terminator. Whatever fails on
our side is temporary.
"""

from __future__ import annotations

LINE_TOO_LONG = b"500 5.5.2 Error: command line too long\r\n"
LINE_UNCLEAN = b"500 5.5.2 Error: bare CR, bare LF or NUL in a command line\r\n"
NOT_OFFERED = b"502 5.5.1 Error: command not available here\r\n"
NOT_TRUSTED = b"550 5.7.0 Error: XFORWARD is not allowed from this address\r\n"
TLS_READY = b"220 2.0.0 Ready to start TLS\r\n"
TLS_NOT_NOW = b"454 4.7.0 No TLS in the middle of a message: say RSET first\r\n"
XFORWARD_TAKEN = b"250 2.0.0 Ok\r\n"
LOOKALIKE = (
    b"550 5.5.2 Error: the message has a line with a lone dot whose line ends are not CRLF; "
    b"it was not passed on\r\n"
)
NO_CHUNK_NOW = (
    b"503 5.5.1 Error: no recipient is accepted, or the message has failed; "
    b"these octets were not passed on\r\n"
)
TOO_MANY_RECIPIENTS = b"452 4.5.3 Error: too many recipients\r\n"
HOP_LOST = b"451 4.4.2 Error: lost the connection to the next mail server, try again later\r\n"
NOT_RECORDED = b"451 4.3.0 Error: temporary local problem, try again later\r\n"
HOP_GONE = b"421 4.4.2 Service not available: lost the next mail server, try again later\r\n"
NAMED_TOO_LATE = (
    b"421 4.5.1 Error: a recipient was named after the message had begun, try again later\r\n"
)
NO_HOP = b"421 4.4.1 Service not available: no next mail server answers, try again later\r\n"
NOT_SMTP = (
    b"421 4.3.5 Service not available: the next mail server speaks LMTP and not SMTP, "
    b"try again later\r\n"
)
TOO_MANY = b"421 4.3.2 Too many sessions, try again later\r\n"
CLOSING = b"421 4.3.2 Service is shutting down, try again later\r\n"
FOLLOWS_FAILURE = b"421 4.3.0 Closing the connection after an error, try again later\r\n"
TIMED_OUT = b"421 4.4.2 Error: timeout exceeded\r\n"
NOT_A_CLIENT = b"421 4.7.1 Access denied: this address is not one of the configured clients\r\n"
