"""A next hop in a process of its own, which writes down every message before it says 250.

``next_hop.py FILE [SECONDS]`` prints its port and serves until its standard input ends. Before each
final reply it waits so many seconds at most, so that a fault can fall there. A line of FILE is a
message that was taken: who it is from, who to, and its content's SHA-256.
"""

import asyncio
import hashlib
import json
import os
import random
import sys

import uvloop


class Session(asyncio.Protocol):
    """As much of an SMTP server as keeps mail, with pipelining."""

    def __init__(self, book: int, pause: float) -> None:
        self.book, self.pause = book, pause
        self.waiting = b""
        self.content: list[bytes] | None = None
        self.sender, self.recipients = "", []

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.say(b"220 next.example ESMTP")

    def say(self, reply: bytes) -> None:
        # After a pause before the final reply nobody may be there any more.
        if not self.transport.is_closing():
            self.transport.write(reply + b"\r\n")

    def data_received(self, data: bytes) -> None:
        *lines, self.waiting = (self.waiting + data).split(b"\r\n")
        for line in lines:
            if self.content is None:
                self.command(line)
            elif line == b".":
                self.keep()
            else:
                self.content.append(line)

    def command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.say(b"250-next.example\r\n250-PIPELINING\r\n250 8BITMIME")
        elif verb == b"DATA":
            self.content = []
            self.say(b"354 go on")
        elif verb == b"QUIT":
            self.say(b"221 bye")
            self.transport.close()
        else:
            if verb == b"MAIL":
                self.sender, self.recipients = address(line), []
            elif verb == b"RCPT":
                self.recipients.append(address(line))
            self.say(b"250 2.0.0 Ok")

    def keep(self) -> None:
        content = hashlib.sha256(b"".join(line + b"\r\n" for line in self.content)).hexdigest()
        self.content = None
        kept = {"sender": self.sender, "recipients": self.recipients, "content": content}
        os.write(self.book, json.dumps(kept).encode() + b"\n")
        reply = b"250 2.0.0 Ok: queued as 4NEXT"
        pause = random.uniform(0, self.pause)
        asyncio.get_running_loop().call_later(pause, self.say, reply)


def address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode()


async def main(file: str, pause: str = "0.004") -> None:
    book = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Session(book, float(pause)), "127.0.0.1", 0, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
