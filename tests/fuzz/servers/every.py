"""The servers that the lines are spoken to, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz.servers.exim import Exim
from tests.fuzz.servers.opensmtpd import OpenSMTPD
from tests.fuzz.servers.postfix import Postfix
from tests.fuzz.servers.sendmail import Sendmail

if TYPE_CHECKING:
    from tests.fuzz.servers.server import Server

SERVERS: Final[dict[str, type[Server]]] = {
    each.name: each for each in (Postfix, Exim, Sendmail, OpenSMTPD)
}
