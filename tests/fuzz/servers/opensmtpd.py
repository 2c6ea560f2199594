"""A private OpenSMTPD. Its folders and users are compiled in: it gets a view of the system in which
they are ours, and nothing of it is left when it ends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.servers.lines import OURS
from tests.fuzz.servers.server import MissingError, Server, libraries, program, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONFIG: Final = """\
listen on 127.0.0.1 port {port} hostname mail.{ours}
queue ttl 1h
smtp max-message-size 40M
action "out" relay host smtp://127.0.0.1:{sink}
match from any for any action "out"
"""
# The folders that stand in its program, each made anew; and its two users.
_VIEW: Final = """\
set -e
mount --bind {folder}/spool /var/spool
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/opensmtpd/empty
mount -t tmpfs tmpfs /run
for each in passwd group resolv.conf; do mount --bind {folder}/$each /etc/$each; done
exec "$@"
"""
_USERS: Final = "opensmtpd:x:64123:64123::/var/lib/opensmtpd/empty:/usr/sbin/nologin\n"
_GROUPS: Final = "opensmtpd:x:64123:\nopensmtpq:x:64124:\n"


class OpenSMTPD(Server):
    """Debian's, unpacked."""

    name = "opensmtpd"
    batch = 40
    pipelines = False
    queued = re.compile(rb"^250 2\.0\.0 ([0-9a-f]{8}) ")

    @property
    def version(self) -> str:
        said = subprocess.run(
            [str(unpacked("opensmtpd/usr/sbin/smtpd")), "-h"],
            capture_output=True,
            text=True,
            check=False,
            env={**self.environment()},
        )
        found = re.search(r"version: OpenSMTPD (\S+)", said.stderr)
        return found[1] if found else said.stderr

    def configure(self) -> None:
        view = [program("unshare"), "--mount", "true"]
        if subprocess.run(view, capture_output=True, check=False).returncode:
            raise MissingError("OpenSMTPD needs a view of its own, and unshare may not make one")
        (self.folder / "spool").mkdir()
        users = _USERS + _USERS.replace("opensmtpd:", "opensmtpq:").replace("64123", "64124")
        for name, ours in (("passwd", users), ("group", _GROUPS)):
            (self.folder / name).write_text(Path("/etc", name).read_text() + ours)
        # It asks nobody who its client is.
        (self.folder / "resolv.conf").write_text("lookup file\n")
        config = _CONFIG.format(port=self.port, ours=OURS, sink=self.sink)
        (self.folder / "smtpd.conf").write_text(config)

    def command(self) -> Sequence[str]:
        view = ["unshare", "--mount", "sh", "-c", _VIEW.format(folder=self.folder), "sh"]
        smtpd = str(unpacked("opensmtpd/usr/sbin/smtpd"))
        return [*view, smtpd, "-d", "-f", str(self.folder / "smtpd.conf")]

    def environment(self) -> Mapping[str, str]:
        return libraries("opensmtpd")

    def is_done(self, answer: bytes) -> bool:
        assert self.queued is not None
        found = self.queued.search(answer)
        assert found is not None, answer
        message = found[1].decode()
        return not (self.folder / "spool/smtpd/queue" / message[:2] / message).exists()
