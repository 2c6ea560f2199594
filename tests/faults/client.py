"""A client in a process of its own, so that it can be killed.

From its standard input it reads a line: a JSON object with the ``port``, what to ``say`` in turn,
as Latin-1 text, and in ``replies`` how many replies to wait for before each. It prints a line
when it has said it all, and then waits for its end.
"""

import json
import socket
import sys


def main() -> None:
    order = json.loads(sys.stdin.readline())
    sock = socket.create_connection(("127.0.0.1", order["port"]))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    replies = sock.makefile("rb")
    for text, count in zip(order["say"], order["replies"], strict=True):
        for _ in range(count):
            while replies.readline()[3:4] == b"-":
                pass
        sock.sendall(text.encode("latin-1"))
    print("said", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
