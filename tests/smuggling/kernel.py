"""What the kernel still holds of a connection: so that two packets really are two."""

import socket
import struct
import termios
from array import array
from fcntl import ioctl

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY, _REQUEST = 20, 1  # SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ASKED = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
_PORTS = struct.Struct("!HH")
_LOOPBACK = socket.inet_aton("127.0.0.1").ljust(16, b"\0")
_RECEIVED_AT = _HEADER.size + 4 + 48 + 4  # behind the state, the addresses, a timer


def has_been_read(sock: socket.socket) -> bool:
    """Whether the program at the other end, on this machine, has read all that was sent to it.

    It has as well when it has closed and forgotten the connection. Asks Linux's sock_diag
    (``man 7 sock_diag``): ``/proc/net/tcp`` knows the same, but lists the whole machine.
    """
    unsent = array("i", [0])
    ioctl(sock, termios.TIOCOUTQ, unsent)
    if unsent[0]:
        return False
    ports = _PORTS.pack(sock.getpeername()[1], sock.getsockname()[1])
    asked = _ASKED.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    asked += ports + _LOOPBACK * 2 + bytes(4) + b"\xff" * 8  # any interface, no cookie
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as netlink:
        netlink.send(_HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _REQUEST, 1, 0) + asked)
        answer = netlink.recv(8192)
    if _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return True
    return struct.unpack_from("=I", answer, _RECEIVED_AT)[0] == 0
