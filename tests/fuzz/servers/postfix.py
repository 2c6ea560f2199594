"""A private Postfix with what it does to addresses left as Debian ships it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fuzz.servers.lines import OURS
from tests.fuzz.servers.server import Server, output, program

if TYPE_CHECKING:
    from collections.abc import Sequence

# Debian's main.cf, as far as it bears on addresses; nothing that rewrites is turned on or off. All
# mail goes to the sink, our own as well, whoever it is for; no limits, no pauses, no fsync's cost.
_MAIN: Final = """\
compatibility_level = 3.6
append_dot_mydomain = no
recipient_delimiter = +
myhostname = mail.{ours}
mydomain = {ours}
myorigin = {ours}
mydestination = $myhostname, {ours}, localhost.{ours}, localhost
relayhost =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
local_transport = smtp:[127.0.0.1]:{sink}
relay_transport = smtp:[127.0.0.1]:{sink}
default_transport = smtp:[127.0.0.1]:{sink}
smtp_tls_security_level = none
smtpd_peername_lookup = no
disable_dns_lookups = yes
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
enable_long_queue_ids = yes
smtpd_error_sleep_time = 0s
smtpd_soft_error_limit = 1000000
smtpd_hard_error_limit = 1000000
smtpd_junk_command_limit = 1000000
smtpd_history_flush_threshold = 1000000
smtpd_delay_reject = no
bounce_notice_recipient = postmaster@{ours}
notify_classes =
in_flow_delay = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
"""
_MASTER: Final = """\
127.0.0.1:{port} inet n  -       n       -       -       smtpd
postlog   unix-dgram n   -       n       -       1       postlogd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
"""


class Postfix(Server):
    """The system's own, in folders of ours."""

    name = "postfix"
    finished = re.compile(rb" postfix/qmgr\[\d+\]: (\w+): removed\n")
    queued = re.compile(rb" queued as (\w+)")

    @property
    def version(self) -> str:
        return output(program("postconf"), "-dh", "mail_version").strip()

    def configure(self) -> None:
        postfix = program("postfix")
        for name, owner in (("queue", "root"), ("data", "postfix")):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, owner)
        main = _MAIN.format(ours=OURS, sink=self.sink, folder=self.folder)
        (self.folder / "main.cf").write_text(main)
        (self.folder / "master.cf").write_text(_MASTER.format(port=self.port))
        output(postfix, "-c", str(self.folder), "check")

    def command(self) -> Sequence[str]:
        master = Path(output(program("postconf"), "-dh", "daemon_directory").strip()) / "master"
        return [str(master), "-c", str(self.folder), "-s"]
