"""Starts a program as systemd does: with listening sockets as descriptors from 3 on.

``hand_over.py 7=relay,9=metrics program argument…`` in a process that has inherited 7 and 9.
"""

import fcntl
import os
import sys

pairs = [pair.partition("=") for pair in sys.argv[1].split(",")]
# Out of the way first: one of them may stand where another belongs.
aside = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number, _, _ in pairs]
for place, descriptor in enumerate(aside, 3):
    os.dup2(descriptor, place)
    os.close(descriptor)
os.environ["LISTEN_FDS"] = str(len(pairs))
os.environ["LISTEN_FDNAMES"] = ":".join(name for _, _, name in pairs)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
