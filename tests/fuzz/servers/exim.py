"""A private Exim that takes any address and reads it as it does by itself."""

from __future__ import annotations

import pwd
import re
import shutil
from typing import TYPE_CHECKING, Final

from tests.fuzz.servers.lines import OURS
from tests.fuzz.servers.server import MissingError, Server, output, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What reads addresses is left as it ships. Debian's ACL, which refuses some characters in local
# parts, is left out: sites do, and what it would refuse is what is asked about here.
_CONFIG: Final = """\
exim_path = {folder}/exim4
deliver_drop_privilege
primary_hostname = mail.{ours}
qualify_domain = {ours}
domainlist local_domains = {ours}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = <; 127.0.0.1
disable_ipv6
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
acl_smtp_rcpt = accept
acl_smtp_data = accept
smtp_accept_queue_per_connection = 0
smtp_accept_max = 100
smtp_max_synprot_errors = 1000000
smtp_max_unknown_commands = 1000000
smtp_accept_max_nonmail = 1000000
recipients_max = 50000
ignore_bounce_errors_after = 0s
message_logs = false
log_selector = -all +queue_time
begin routers
everyone:
  driver = manualroute
  domains = !+local_domains
  transport = sink
  route_list = * 127.0.0.1 byname
  host_find_failed = defer
  self = send
  no_more
at_home:
  driver = manualroute
  transport = sink
  route_list = * 127.0.0.1 byname
  self = send
begin transports
sink:
  driver = smtp
  port = {sink}
  allow_localhost
  hosts_try_fastopen =
  hosts_avoid_tls = *
begin retry
* * F,5s,1s
"""


class Exim(Server):
    """Debian's light daemon, unpacked."""

    name = "exim"
    finished = re.compile(rb"(?m)^\S+ \S+ ([\w-]+) (?:Completed|Frozen|Message is frozen)")
    queued = re.compile(rb" id=([\w-]+)")

    @property
    def log(self) -> Path:
        return self.folder / "mainlog"

    @property
    def version(self) -> str:
        said = output(str(unpacked("exim/usr/sbin/exim4")), "-C", "/dev/null", "-bV")
        found = re.search(r"Exim version (\S+)", said)
        return found[1] if found else said

    def configure(self) -> None:
        try:
            pwd.getpwnam("Debian-exim")
        except KeyError:
            raise MissingError(
                "there is no user Debian-exim: tests/e2e/install-system-packages makes it"
            ) from None
        # Exim starts itself again as its own user, who may not look into root's home.
        program = shutil.copyfile(unpacked("exim/usr/sbin/exim4"), self.folder / "exim4")
        program.chmod(0o755)
        (self.folder / "spool").mkdir()
        for each in (self.folder, self.folder / "spool"):
            shutil.chown(each, "Debian-exim")
        config = self.folder / "exim.conf"
        config.write_text(
            _CONFIG.format(ours=OURS, folder=self.folder, port=self.port, sink=self.sink)
        )
        config.chmod(0o644)

    def command(self) -> Sequence[str]:
        return [str(self.folder / "exim4"), "-C", str(self.folder / "exim.conf"), "-bdf", "-q1s"]
