"""A DNS server on loopback, UDP and TCP, that answers from a table, or in an odd way where told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """``records`` are by name and type. ``odd`` is by name how it answers instead.

    ``silent``, ``servfail``, ``refused``; ``liar``: with a wrong id first, and then truly;
    ``stranger``: with a wrong id alone; ``garbage``.
    """

    def __init__(self):
        self.records: dict[str, dict[str, list[str]]] = {}
        self.odd: dict[str, str] = {}
        self.asked: list[tuple[str, str, str]] = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [threading.Thread(target=each) for each in (self._hear, self._take)]
        for thread in self._threads:
            thread.start()

    def close(self):
        # A datagram and a connection of no bytes end the two threads.
        self._udp.sendto(b"", ("127.0.0.1", self.port))
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    def has(self, name, **records):
        """Give a name its records: ``mx=["10 mail.example."]``."""
        self.records.setdefault(name, {}).update(
            {kind.upper(): texts for kind, texts in records.items()}
        )

    def names_asked(self):
        return {name for name, _, _ in self.asked}

    def _hear(self):
        while True:
            wire, sender = self._udp.recvfrom(4096)
            if not wire:
                return
            for answer in self._answers(wire, "udp"):
                self._udp.sendto(answer, sender)

    def _take(self):
        while True:
            connection, _ = self._tcp.accept()
            with connection, connection.makefile("rb") as said, contextlib.suppress(OSError):
                head = said.read(2)
                if not head:
                    return
                for answer in self._answers(said.read(struct.unpack("!H", head)[0]), "tcp"):
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    def _answers(self, wire, over):
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append((name, dns.rdatatype.to_text(query.question[0].rdtype), over))
        true = self._true(query, name)
        match self.odd.get(name):
            case "silent":
                return []
            case "servfail" | "refused" as code:
                true.set_rcode(dns.rcode.from_text(code))
            case "garbage":
                return [wire[:2] + b"\xff" * 20]
            case "liar" | "stranger" as kind:
                false = self._lie(query)
                return [false, true.to_wire()] if kind == "liar" else [false]
        try:
            return [true.to_wire(max_size=65_535 if over == "tcp" else query.payload or 512)]
        except dns.exception.TooBig:
            true.answer.clear()
            true.flags |= dns.flags.TC
            return [true.to_wire()]

    def _true(self, query, name):
        answer = dns.message.make_response(query)
        if name not in self.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        alias = self.records[name].get("CNAME", [])
        if alias:
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias))
            name = alias[0].rstrip(".")
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        if texts := self.records.get(name, {}).get(kind):
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *texts))
        return answer

    @staticmethod
    def _lie(query):
        false = dns.message.make_response(query)
        false.id = query.id ^ 1
        owner = query.question[0].name.to_text()
        false.answer.append(dns.rrset.from_text(owner, 60, "IN", "MX", "10 mx.liar.example."))
        return false.to_wire()
