"""Real Exim daemons in folders of their own: one as the client that knows the gateway as its
smarthost (with the pieces of config/exim/smarthost.conf), one as the gateway's next hop."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest

REPO = Path(__file__).parents[3]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
UNPACKED = CACHE / "monition/exim/usr/sbin/exim4"  # by tests/e2e/install-system-packages

COMMON = """\
exim_path = {folder}/exim4
deliver_drop_privilege
primary_hostname = {name}.example.edu
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = <; 127.0.0.1
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
smtputf8_advertise_hosts = *
smtp_accept_queue_per_connection = 1000
queue_run_in_order = false
ignore_bounce_errors_after = 1h
smtp_max_synprot_errors = 100
keep_environment =
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
"""

# Takes everybody's mail but for some, and nothing that holds certain words.
NEXT_HOP = """\
begin acl
acl_rcpt:
  deny
    local_parts = unwanted
    message = The tests do not want you\\nand say so on two lines
  defer
    local_parts = later
    message = The tests want you later
  accept
acl_data:
  deny
    condition = ${if match{$message_body}{REFUSE ME}}
    message = The tests do not want this
  accept
begin routers
everyone:
  driver = accept
  transport = maildir
begin transports
"""

# Takes mail in and has no other way out than the pasted one, to the gateway.
CLIENT = """\
domainlist local_domains =
begin acl
acl_rcpt:
  accept
acl_data:
  accept
begin routers
<router>
begin transports
<transport>
begin retry
* * F,1h,1s
"""

MAILDIR = """\
maildir:
  driver = appendfile
  maildir_format
  directory = {folder}/mail
  create_directory
  delivery_date_add
  envelope_to_add
  return_path_add
"""


class Exim:
    """One daemon; ``name`` is ``client`` or ``hop``."""

    def __init__(self, name: str, text: str, folder: Path, port: int, process) -> None:
        self.folder = folder
        self.port = port
        # Exim starts itself again as its own user, who may not look into root's home.
        program = shutil.copyfile(UNPACKED, folder / "exim4")
        program.chmod(0o755)
        for each in ("spool", "log", "mail"):
            (folder / each).mkdir()
            shutil.chown(folder / each, "Debian-exim")
        config = folder / "exim.conf"
        config.write_text(COMMON.format(name=name, folder=folder, port=port) + text)
        config.chmod(0o644)
        # A queue run each second: what waits is tried again soon. In the foreground.
        command = [str(program), "-C", str(config), "-bdf", "-q1s"]
        self._process = process(command, folder / "exim.log")

    def start(self, eventually) -> None:
        self._process.start()
        eventually(self._is_up, "Exim to start")

    def _is_up(self) -> bool:
        if self._process.has_ended:
            pytest.fail(f"Exim ended:\n{self._process.log}\n{self.log}")
        return "daemon started" in self.log

    def stop(self) -> None:
        self._process.end()

    @property
    def log(self) -> str:
        path = self.folder / "log/mainlog"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def mail(self) -> Path:
        return self.folder / "mail"


def _client(gateway: int) -> str:
    """A client with the router and the transport that config/exim/smarthost.conf tells to use."""
    text = (REPO / "config/exim/smarthost.conf").read_text()
    router, transport = ("monition:\n" + piece for piece in text.split("monition:\n")[1:])
    transport = transport.replace("port = 10025", f"port = {gateway}")
    return CLIENT.replace("<router>", router).replace("<transport>", transport)


@pytest.fixture(scope="session")
def exims(new_folder, free_ports, process, eventually, gateway_for):
    """The client, the gateway and the next hop: all three up."""
    if not UNPACKED.exists():
        pytest.skip("exim4 is not unpacked: tests/e2e/install-system-packages does it")
    if os.geteuid():
        pytest.skip("Exim can be started by root only")
    try:
        pwd.getpwnam("Debian-exim")
    except KeyError:
        pytest.skip("there is no user Debian-exim: tests/e2e/install-system-packages makes it")
    listen, port, hop_port = free_ports(3)
    folder = new_folder()
    hop = Exim("hop", NEXT_HOP + MAILDIR.format(folder=folder), folder, hop_port, process)
    client = Exim("client", _client(listen), new_folder(), port, process)
    gateway = gateway_for(listen, hop_port, submit=hop_port)
    try:
        gateway.start(eventually)
        for exim in (hop, client):
            exim.start(eventually)
        yield client, gateway, hop
    finally:
        for exim in (hop, client):
            exim.stop()
