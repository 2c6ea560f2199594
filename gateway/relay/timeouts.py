"""How long a relay waits, and for whom: ``docs/decisions/0008-waits.md`` says why so long.

Waits that belong to one piece of work only stand with it: connecting, TLS, the PROXY header.
"""

from __future__ import annotations

NEXT_HOP_SECONDS: float = 90  # for every reply of the next hop's before the final dot
FINAL_REPLY_SECONDS: float = 600  # for its reply to the dot: RFC 5321 section 4.5.3.2.6
CLIENT_SECONDS: float = 310  # a little more than the 300 that RFC 5321 section 4.5.3.2.7 asks for
LINGER_SECONDS: float = 5  # for the client to read our last words and close
LINGER_TLS_SECONDS: float = 1  # under TLS, where nothing can be half-closed: then we close it
BARE_LF_SECONDS: float = 0.2  # for what belongs to a line behind a bare LF; then that was its end
