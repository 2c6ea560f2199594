"""A real Postfix as the next hop, with its own defence against smuggling off and on, and as the
client in front: one instance with a listener for each part."""

from __future__ import annotations

import os
import pwd
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
postfix_of = runpy.run_path(str(TESTS / "e2e" / "postfix" / "conftest.py"))
MASTER, run = postfix_of["MASTER"], postfix_of["_run"]
# Clients that split their packets where they are told to.
connect = runpy.run_path(str(TESTS / "smuggling" / "conftest.py"))["connect"]

# Everybody's mail ends in one Maildir. Nothing is repaired on the way: a bare CR stays one.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mail.example.edu
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtpd_peername_lookup = no
virtual_mailbox_domains = example.edu
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
default_transport = virtual
local_header_rewrite_clients =
cleanup_replace_stray_cr_lf = no
smtpd_forbid_bare_newline = no
smtpd_forbid_bare_newline_exclusions =
smtpd_error_sleep_time = 0s
in_flow_delay = 0
"""
LISTENERS = {
    # What was the default up to Postfix 3.8.
    "gullible": "  -o smtpd_forbid_bare_newline=no\n  -o smtpd_forbid_unauth_pipelining=no\n",
    "strict": "  -o smtpd_forbid_bare_newline=yes\n",
    # Takes mail in, and has it pass the gateway, or what stands behind the gateway at once.
    "front": "  -o content_filter=outward:[127.0.0.1]:{to the gullible}\n",
    "bypass": "  -o content_filter=outward:[127.0.0.1]:{gullible}\n",
}
# As the lines in config/postfix/after-queue.cf have it.
OUTWARD = """\
smtp      unix  -       -       n       -       -       smtp
outward   unix  -       -       n       -       20      smtp
  -o smtp_send_xforward_command=yes
  -o disable_mime_output_conversion=yes
  -o smtp_line_length_limit=0
"""


class Postfix:
    """One instance; ``ports`` are its listeners', by name, and the gateway's."""

    def __init__(self, folder: Path, ports: dict[str, int], process) -> None:
        self.folder = folder
        self.ports = ports
        user = pwd.getpwnam("nobody")
        for name, owner in (("queue", "root"), ("data", "postfix"), ("mail", "nobody")):
            (folder / name).mkdir()
            shutil.chown(folder / name, owner)
        main = MAIN.format(folder=folder, uid=user.pw_uid, gid=user.pw_gid)
        (folder / "main.cf").write_text(main)
        listeners = "".join(
            f"127.0.0.1:{ports[name]} inet n - n - - smtpd\n" + options.format(**ports)
            for name, options in LISTENERS.items()
        )
        # What programs on this machine send passes the gateway, too.
        option = LISTENERS["front"].format(**ports)
        master = re.sub(r"(?m)^(pickup .*\n)", rf"\g<1>{option}", MASTER)
        (folder / "master.cf").write_text(master + OUTWARD + listeners)
        run("postfix", "-c", str(folder), "check")
        master = Path(run("postconf", "-dh", "daemon_directory").strip()) / "master"
        self._process = process([str(master), "-c", str(folder), "-s"], folder / "maillog")

    def start(self, eventually) -> None:
        self._process.start()
        eventually(lambda: "daemon started" in self.log, "Postfix to start")

    def stop(self) -> None:
        self._process.end()

    @property
    def log(self) -> str:
        return self._process.log

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    def is_idle(self) -> bool:
        """Whether nothing waits in the queue."""
        return not run("postqueue", "-c", str(self.folder), "-j")

    def sendmail(self, sender: str, recipient: str, text: bytes) -> None:
        """Give a message to ``sendmail``, as a program on this machine would."""
        command = ["sendmail", "-C", str(self.folder), "-i", "-f", sender, recipient]
        subprocess.run(command, input=text, check=True)


# A gateway before each kind of next hop, and one that lets look-alikes pass.
GATEWAYS = {"to the gullible": "gullible", "to the strict": "strict", "passing": "strict"}


@pytest.fixture(scope="session")
def postfix(needs, new_folder, free_ports, process, eventually):
    needs("postfix")
    if os.geteuid():
        pytest.skip("Postfix can be started by root only")
    names = [*LISTENERS, *GATEWAYS]
    postfix = Postfix(new_folder(), dict(zip(names, free_ports(len(names)), strict=True)), process)
    postfix.start(eventually)
    yield postfix
    postfix.stop()


@pytest.fixture(scope="session")
def gateways(postfix, gateway_for, eventually):
    """All of them, up; by name."""
    ports, started = postfix.ports, {}
    for name, next_hop in GATEWAYS.items():
        gateway = gateway_for(ports[name], ports[next_hop], submit=ports["strict"])
        if name == "passing":
            text = gateway.config.read_text()
            gateway.config.write_text(text.replace("[relay]", '[relay]\nbare_newlines = "pass"'))
        gateway.start(eventually)
        started[name] = gateway
    return started
