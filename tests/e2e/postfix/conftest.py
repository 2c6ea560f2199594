"""Real Postfix instances in folders of their own, set up with the lines that docs/postfix.md tells
people to paste: they are read from config/postfix/ and only their ports are changed."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[3]

# Mail for everyone, at home or abroad, ends in one Maildir: no DNS, no network.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mail.example.edu
mydestination = campus.example.edu
local_transport = virtual
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
always_bcc = archive@example.edu
header_checks = static:INFO
virtual_mailbox_domains = example.edu
virtual_alias_maps = inline:{{ {{ team@example.edu = bob@example.edu, pavel@skoltech.ru }} }}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
default_transport = virtual
message_size_limit = 20000000
queue_run_delay = 1s
minimal_backoff_time = 3s
maximal_backoff_time = 3s
smtpd_error_sleep_time = 0s
"""
# What a site may have for its way from and to the world. On the way to the gateway and back each of
# these would lose or change mail: the lines that people paste must hold them off.
HOSTILE = """\
smtpd_client_restrictions = reject
smtpd_helo_restrictions = reject
smtpd_sender_restrictions = reject
smtpd_relay_restrictions = reject
smtpd_data_restrictions = reject
smtpd_end_of_data_restrictions = reject
smtpd_tls_security_level = encrypt
smtpd_sasl_auth_enable = yes
mynetworks = 192.0.2.0/24
smtp_tls_security_level = encrypt
smtp_sasl_auth_enable = yes
smtp_fallback_relay = [127.0.0.1]:{behind}
smtp_bind_address = 192.0.2.1
smtp_generic_maps = inline:{{ prof@example.edu=rewritten@example.edu }}
smtp_header_checks = static:IGNORE
smtp_mime_header_checks = static:IGNORE
smtp_nested_header_checks = static:IGNORE
smtp_body_checks = static:IGNORE
"""
MASTER = """\
pickup    unix  n       -       n       1       1       pickup
postlog   unix-dgram n -       n       -       1       postlogd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
flush     unix  n       -       n       1000?   0       flush
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
proxymap  unix  -       -       n       -       -       proxymap
scache    unix  -       -       n       -       1       scache
"""

# The tests' own additions. A user's computer is no "local" client whose headers Postfix completes;
# and so that there is something to refuse, the listener behind the gateway knows a recipient
# that it does not want and takes less than the one in front.
IN_FRONT = [
    "-o local_header_rewrite_clients=",
    "-o smtpd_client_restrictions=",
    "-o smtpd_helo_restrictions=",
    "-o smtpd_sender_restrictions=",
    "-o smtpd_relay_restrictions=permit_mynetworks,reject",
    "-o smtpd_data_restrictions=",
    "-o smtpd_end_of_data_restrictions=",
    "-o smtpd_tls_security_level=none",
    "-o smtpd_sasl_auth_enable=no",
    "-o mynetworks=127.0.0.0/8",
]
BEHIND = [
    "-o message_size_limit=2500000",
    (
        "-o { smtpd_recipient_restrictions = check_recipient_access inline:{ { unwanted@example.edu"
        " = 550 5.7.1 We do not want you } }, permit_mynetworks, reject }"
    ),
]


class Postfix:
    """One instance. ``front`` takes mail in; ``bypass`` does the same, but past the gateway."""

    def __init__(self, mode: str, folder: Path, ports: list[int], process) -> None:
        self.mode = mode
        self.folder = folder
        self.gateway, self.front, self.bypass, self.behind = ports
        user = pwd.getpwnam("nobody")
        for name, owner in (("queue", "root"), ("data", "postfix"), ("mail", "nobody")):
            (folder / name).mkdir()
            shutil.chown(folder / name, owner)
        self._configure(user)
        # `postfix start-fg` puts a shell between us and the master, which would outlive it.
        _run("postfix", "-c", str(folder), "check")
        master = Path(_run("postconf", "-dh", "daemon_directory").strip()) / "master"
        self._process = process([str(master), "-c", str(folder), "-s"], folder / "maillog")

    def _configure(self, user: pwd.struct_passwd) -> None:
        main = MAIN.format(folder=self.folder, uid=user.pw_uid, gid=user.pw_gid)
        main += HOSTILE.format(behind=self.behind)
        (self.folder / "main.cf").write_text(main)
        pasted = (REPO / f"config/postfix/{self.mode}-queue.cf").read_text()
        service, *others, listener = _entries(pasted)
        in_front = _with_options(service, IN_FRONT)
        # The same service, but its mail goes to the listener behind the gateway at once.
        past_us = in_front.replace("submission", f"127.0.0.1:{self.bypass}", 1)
        past_us = past_us.replace(":10025", f":{self.behind}")
        entries = "".join([in_front, *others, _with_options(listener, BEHIND), past_us])
        entries = entries.replace("submission", f"127.0.0.1:{self.front}", 1)
        entries = entries.replace(":10025", f":{self.gateway}").replace(":10026", f":{self.behind}")
        (self.folder / "master.cf").write_text(MASTER + entries)

    def start(self, eventually) -> None:
        self._process.start()
        eventually(self._is_up, "Postfix to start")

    def _is_up(self) -> bool:
        if self._process.has_ended:
            pytest.fail(f"Postfix ended:\n{self.log}")
        return "daemon started" in self.log

    def stop(self) -> None:
        self._process.end()

    @property
    def log(self) -> str:
        return self._process.log

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    def queue(self) -> str:
        """What ``postqueue -j`` shows: a JSON object a line, nothing for an empty queue."""
        return _run("postqueue", "-c", str(self.folder), "-j")

    def postsuper(self, *words: str) -> None:
        _run("postsuper", "-c", str(self.folder), *words)

    def without_filter(self) -> None:
        """Take the gateway out of the service in front, as docs/postfix.md says, and reload."""
        master = self.folder / "master.cf"
        text = re.sub(
            r"  -o (content_filter=monition|receive_override_options=no_address).*\n",
            "",
            master.read_text(),
        )
        master.write_text(text)
        _run("postfix", "-c", str(self.folder), "reload")


def _run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command} gave {ended.returncode}: {ended.stderr}"
    return ended.stdout


def _entries(text: str) -> list[str]:
    """The entries of a master.cf: a line and its indented ones."""
    return re.findall(r"(?m)^[^#\s].*\n(?:[ \t]+\S.*\n)*", text)


def _with_options(entry: str, options: list[str]) -> str:
    return entry + "".join(f"  {option}\n" for option in options)


@pytest.fixture(scope="session")
def new_postfix(needs, new_folder, free_ports, process, eventually):
    """Start an instance in a mode."""
    started = []

    def start(mode: str) -> Postfix:
        needs("postfix")
        if os.geteuid():
            pytest.skip("Postfix can be started by root only")
        postfix = Postfix(mode, new_folder(), free_ports(4), process)
        started.append(postfix)
        postfix.start(eventually)
        return postfix

    yield start
    for postfix in started:
        postfix.stop()


@pytest.fixture(scope="session")
def postfix_before_queue(new_postfix):
    return new_postfix("before")


@pytest.fixture(scope="session")
def postfix_after_queue(new_postfix):
    return new_postfix("after")


@pytest.fixture(scope="session", params=["before", "after"])
def postfix(request):
    """Each mode in turn."""
    return request.getfixturevalue(f"postfix_{request.param}_queue")


@pytest.fixture(scope="session")
def gateway_behind(gateway_for, eventually):
    running = {}

    def behind(postfix: Postfix):
        if postfix.mode not in running:
            # As docs/postfix.md says: where this institution's own mail is signed.
            submit = postfix.behind if postfix.mode == "before" else postfix.front
            gateway = gateway_for(postfix.gateway, postfix.behind, submit=submit)
            gateway.start(eventually)
            running[postfix.mode] = gateway
        return running[postfix.mode]

    return behind


@pytest.fixture(scope="session")
def gateway(gateway_behind, postfix):
    """The gateway of this mode, up and ready."""
    return gateway_behind(postfix)
