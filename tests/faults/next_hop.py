"""A next hop that fails on order, with a process for each session, so that one can really die.

``python next_hop.py FOLDER PORT`` listens until it is killed. Sessions are counted from 1, and
what there is about session N lies in FOLDER:

===========  ====================================================================================
``N.plan``   how it is to fail, read when it begins; without one it takes mail as it should
``N.heard``  every byte that it read, written before it is looked at
``N.said``   every byte that it sent
``N.ended``  how its process ended: ``killed``, or what came last: ``eof``, ``reset``, ``quit`` …
``N.go``     made by a test: what waits goes on
``kept-S``   the messages of the sender S, a JSON object a line, written before they are answered
===========  ====================================================================================

A plan is a JSON object. ``at`` is the place: ``banner``, a verb, ``content`` (as soon as ``bytes``
of it are here), ``dot``, or ``after`` one of them: its reply is out, for the ``nth`` time. There it
waits if ``waits``, keeps the message if ``keeps``, says what ``say`` holds, and then does what
``do`` says: ``die`` by SIGKILL, ``reset``, ``close``, ``hang`` (it reads on), ``deaf`` (it reads
nothing until it may go on), ``go on`` with the usual reply, or ``listen``: go on without it.
``replies`` are told in place of the usual ones, by place. ``is_dripping`` sends all that it says
one byte a packet.
"""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

TICK = 0.002
LIMIT = 60  # seconds that anything here waits: only a failing test ever waits so long

USUAL = {
    "banner": b"220 next.example ESMTP\r\n",
    "EHLO": b"250-next.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 CHUNKING\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 go on\r\n",
    "BDAT": b"250 2.0.0 Ok, a chunk\r\n",
    "dot": b"250 2.0.0 Ok: queued as 4NEXT\r\n",
    "NOOP": b"250 2.0.0 Ok\r\n",
    "RSET": b"250 2.0.0 Ok\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}


class Left(Exception):  # noqa: N818 - no error: the session is over
    """The session is over; how it ended."""


class Session:
    """One session, in a process of its own."""

    def __init__(self, sock: socket.socket, folder: Path, number: int) -> None:
        self.sock = sock
        self.folder = folder
        self.number = number
        plan = folder / f"{number}.plan"
        self.plan = json.loads(plan.read_text()) if plan.exists() else {}
        self.buffer = b""
        self.mail = ""
        self.recipients: list[str] = []
        self.chunks = b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        try:
            self.answer("banner")
            while True:
                self.take(self.line())
        except Left as left:
            how = str(left)
        except ConnectionError:
            how = "reset"
        (self.folder / f"{self.number}.ended").write_text(how)

    # Reading.

    def hear(self) -> None:
        data = self.sock.recv(65536)
        self.append(f"{self.number}.heard", data)
        self.buffer += data
        if not data:
            raise Left("eof")

    def line(self) -> bytes:
        while (end := self.buffer.find(b"\r\n")) < 0:
            self.hear()
        line, self.buffer = self.buffer[: end + 2], self.buffer[end + 2 :]
        return line

    def take(self, line: bytes) -> None:
        verb = line[:4].decode("latin-1").upper()
        if verb == "MAIL":
            self.mail, self.recipients = line.decode("latin-1"), []
        elif verb == "RCPT":
            self.recipients.append(line.decode("latin-1"))
        elif verb == "BDAT":
            self.chunk(line.split())
            return
        takes_it = self.answer(verb)
        if verb == "DATA" and takes_it:
            self.content()
        elif verb == "QUIT":
            raise Left("quit")

    def content(self) -> None:
        """Read to the dot, CRLF.CRLF and nothing else."""
        content = bytearray(b"\r\n")
        while True:
            seen = max(len(content) - 4, 0)
            content += self.buffer
            self.buffer = b""
            if self.plan.get("at") == "content" and len(content) - 2 >= self.plan["bytes"]:
                self.reach("content")
            end = content.find(b"\r\n.\r\n", seen)
            if end >= 0:
                break
            self.hear()
        self.buffer = bytes(content[end + 5 :])
        self.finish(bytes(content[2 : end + 2]))

    def chunk(self, words: list[bytes]) -> None:
        size = int(words[1])
        while True:
            if self.plan.get("at") == "content" and len(self.buffer) >= self.plan["bytes"]:
                self.reach("content")
            if len(self.buffer) >= size:
                break
            self.hear()
        self.chunks += self.buffer[:size]
        self.buffer = self.buffer[size:]
        if words[2:]:
            content, self.chunks = self.chunks, b""
            self.finish(content)
        else:
            self.answer("BDAT")

    def finish(self, content: bytes) -> None:
        message = {
            "session": self.number,
            "sender": self.mail,
            "recipients": self.recipients,
            "content": content.decode("latin-1"),
        }
        if self.plan.get("at") != "dot" or self.plan.get("keeps", True):
            sender = self.mail.partition("<")[2].partition(">")[0]
            self.append(f"kept-{sender}", json.dumps(message).encode() + b"\n")
        self.answer("dot")

    # Failing.

    def answer(self, place: str) -> bool:
        """Reply, or fail; whether the reply was the usual one."""
        is_usual = self.plan.get("at") != place or self.reach(place)
        if is_usual:
            usual = USUAL.get(place, b"500 5.5.2 Error: command not recognised\r\n")
            told = self.plan.get("replies", {}).get(place)
            self.say(usual if told is None else told.encode("latin-1"))
        if self.plan.get("at") == f"after {place}":
            self.plan["nth"] = self.plan.get("nth", 1) - 1
            if not self.plan["nth"]:
                self.reach(f"after {place}")
        return is_usual

    def reach(self, place: str) -> bool:
        """Fail as planned; whether the usual reply follows all the same."""
        plan = self.plan
        self.plan = {key: value for key, value in plan.items() if key == "is_dripping"}
        if plan.get("waits"):
            self.wait()
        self.say(plan.get("say", "").encode("latin-1"))
        what = plan.get("do", "go on")
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what in ("reset", "close"):
            if what == "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Left(what)
        elif what == "hang":
            while True:
                self.hear()
        elif what == "deaf":
            self.wait()
        return what in ("go on", "deaf")

    def wait(self) -> None:
        deadline = time.monotonic() + LIMIT
        while not (self.folder / f"{self.number}.go").exists() and time.monotonic() < deadline:
            time.sleep(TICK)

    def say(self, data: bytes) -> None:
        self.append(f"{self.number}.said", data)
        if self.plan.get("is_dripping"):
            for at in range(len(data)):
                self.sock.sendall(data[at : at + 1])
                # Long enough that a busy reader sees them one by one.
                time.sleep(0.0003)
        else:
            self.sock.sendall(data)

    def append(self, name: str, data: bytes) -> None:
        file = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, data)
        os.close(file)


def reap(folder: Path, children: dict[int, int]) -> None:
    """Write down who was killed."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        number = children.pop(pid)
        if status:
            how = "killed" if os.WIFSIGNALED(status) else "broken"
            (folder / f"{number}.ended").write_text(how)


def serve(folder: Path, port: int) -> None:
    children: dict[int, int] = {}
    parent = os.getppid()
    number = len(list(folder.glob("*.heard")))
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)
    signal.set_wakeup_fd(mouth.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # So little is taken unread that "reads nothing" is soon felt.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        listening.bind(("127.0.0.1", port))
        listening.listen(100)
        print(listening.getsockname()[1], flush=True)
        # A test run that is broken off leaves nobody behind.
        while os.getppid() == parent:
            reap(folder, children)
            ready, _, _ = select.select([listening, ear], [], [], 1)
            if ear in ready:
                ear.recv(4096)
            if listening not in ready:
                continue
            sock, _ = listening.accept()
            number += 1
            (folder / f"{number}.heard").touch()
            if (pid := os.fork()) == 0:
                status = 1
                with contextlib.suppress(BaseException):
                    signal.set_wakeup_fd(-1)
                    listening.close()
                    Session(sock, folder, number).run()
                    status = 0
                os._exit(status)
            children[pid] = number
            sock.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
