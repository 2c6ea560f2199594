"""A private Sendmail whose rules for addresses are those that its own m4 files make."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final

from tests.fuzz.servers.lines import INNOCENT, LISTED, OURS
from tests.fuzz.servers.server import Server, libraries, output, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Debian's sendmail.mc as far as it bears on addresses; all mail goes to the sink, our own as well.
# It knows the domains from a hosts file, as it would from the DNS.
_MC: Final = """\
define(`_USE_ETC_MAIL_')dnl
include(`{cf}/m4/cf.m4')dnl
include(`{cf}/debian/autoconf.m4')dnl
OSTYPE(`debian')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
undefine(`confCR_FILE')dnl
undefine(`confCT_FILE')dnl
undefine(`confCW_FILE')dnl
define(`confDOMAIN_NAME', `mail.{ours}')dnl
define(`STATUS_FILE', `')dnl
define(`confPID_FILE', `{folder}/pid')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`confHOSTS_FILE', `{folder}/hosts')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/service.switch')dnl
define(`confTRUSTED_USER', `root')dnl
define(`confDONT_BLAME_SENDMAIL', `AssumeSafeChown,TrustStickyBit')dnl
define(`confDELIVERY_MODE', `interactive')dnl
define(`confSAFE_QUEUE', `False')dnl
define(`confTO_IDENT', `0s')dnl
define(`confQUEUE_LA', `10000')dnl
define(`confREFUSE_LA', `10000')dnl
define(`confCONNECTION_RATE_THROTTLE', `0')dnl
define(`confMAX_DAEMON_CHILDREN', `0')dnl
define(`confPRIVACY_FLAGS', `goaway')dnl
define(`ALIAS_FILE', `stab:{folder}/aliases')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`MAIL_HUB', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {sink}')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`always_add_domain')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port={port}, Addr=127.0.0.1')dnl
LOCAL_DOMAIN(`{ours}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


class Sendmail(Server):
    """Debian's, unpacked; it delivers before it answers."""

    name = "sendmail"

    @property
    def version(self) -> str:
        found = re.search(r"Sendmail ([^/ ]+)", self.greeting)
        return found[1] if found else self.greeting

    def configure(self) -> None:
        cf = unpacked("sendmail/usr/share/sendmail/cf")
        (self.folder / "queue").mkdir(mode=0o700)
        names = (*LISTED, *INNOCENT, OURS)
        hosts = "".join(f"192.0.2.1 {name}\n" for name in names)
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n" + hosts)
        (self.folder / "aliases").touch()
        (self.folder / "service.switch").write_text("hosts files\naliases files\npasswd files\n")
        mc = self.folder / "sendmail.mc"
        mc.write_text(
            _MC.format(cf=cf, ours=OURS, folder=self.folder, port=self.port, sink=self.sink)
        )
        m4 = str(unpacked("sendmail/usr/bin/m4"))
        made = output(m4, f"-D_CF_DIR_={cf}/", f"-I{cf}", str(mc), **libraries("sendmail"))
        (self.folder / "sendmail.cf").write_text(made)

    def command(self) -> Sequence[str]:
        daemon = self._program("-C", str(self.folder / "sendmail.cf"), "-bD")
        # On a machine whose name has no dot it would sleep for a minute first.
        named = ["unshare", "--uts", "sh", "-c", f'hostname mail.{OURS} && exec "$@"', "sh"]
        works = subprocess.run([*named, "true"], capture_output=True, check=False).returncode == 0
        return [*named, *daemon] if works else daemon

    def environment(self) -> Mapping[str, str]:
        return libraries("sendmail")

    def _program(self, *words: str) -> list[str]:
        return [str(unpacked("sendmail/usr/libexec/sendmail/sendmail")), *words]
