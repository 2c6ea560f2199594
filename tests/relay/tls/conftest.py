"""TLS in a test's hands: certificates, and peers that shake hands byte by byte."""

import runpy
import shutil
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from gateway.config.endpoint import Endpoint
from gateway.relay import connection_preamble, next_hop_starttls, tls


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in the names of the relay's settings."""

    certificate_file: Path
    key_file: Path

    @property
    def options(self):
        return {"certificate_file": self.certificate_file, "key_file": self.key_file}

    @property
    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context

    @property
    def client(self) -> ssl.SSLContext:
        """Trusts this certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate_file))


@pytest.fixture(scope="session")
def certify(tmp_path_factory):
    """Makes certificates that sign themselves, for a name of one's own."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")

    def make(name: str) -> Pair:
        folder = tmp_path_factory.mktemp("certificate")
        pair = Pair(folder / "certificate.pem", folder / "key.pem")
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-nodes", "-newkey", "ec"),
                *("-pkeyopt", "ec_paramgen_curve:P-256"),
                *("-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={name}"),
                *("-keyout", pair.key_file, "-out", pair.certificate_file),
            ],
            check=True,
            capture_output=True,
        )
        return pair

    return make


@pytest.fixture(scope="session")
def ours(certify):
    return certify("IP:127.0.0.1")


@pytest.fixture(scope="session")
def foreign(certify):
    return certify("DNS:elsewhere.example")


@pytest.fixture
def trust(monkeypatch):
    """Lets this machine trust one certificate more."""
    return lambda pair: monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate_file))


@pytest.fixture(autouse=True)
def _logged(log, monkeypatch):
    for module in (tls, next_hop_starttls, connection_preamble):
        monkeypatch.setattr(module, "log", structlog.get_logger("relay"))


class Wrapped:
    """What a peer says and hears from now on goes through TLS."""

    def __init__(self, peer, context: ssl.SSLContext, *, server_side: bool) -> None:
        self._raw_say, self._raw_more = peer.say, peer.more
        self._peer = peer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server_side else "127.0.0.1"
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=name
        )

    async def flush(self, ahead: bytes = b"") -> None:
        if data := ahead + self._outgoing.read():
            await self._raw_say(data)

    async def _do(self, act, ahead: bytes = b""):
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                await self.flush(ahead)
                ahead = b""
                if data := await self._raw_more():
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:
                await self.flush()  # the alert that says so
                raise

    async def shake_hands(self, ahead=b"", behind=b"", *, and_leave=False) -> None:
        """``ahead`` goes before our first packet, and in it; ``behind`` with our last."""
        await self._do(self.tls.do_handshake, ahead)
        if behind:
            self.tls.write(behind)
        if and_leave:
            await self.say_goodbye()
        await self.flush()
        self._peer.say, self._peer.more = self.say, self.more

    async def say(self, data: bytes):
        rest = memoryview(data)
        while rest:
            rest = rest[self.tls.write(rest[:65536]) :]
            await self.flush()
        return self._peer

    async def more(self, size: int = 65536) -> bytes:
        """``b""`` at a close_notify; ``SSLEOFError`` where the end comes without."""
        try:
            return await self._do(lambda: self.tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""

    async def say_goodbye(self) -> None:
        """Our close_notify."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        await self.flush()


@pytest.fixture
def wrap():
    """Starts TLS on a peer; as the server's side if told."""

    async def start(peer, context, *, server_side=False, **more) -> Wrapped:
        wrapped = Wrapped(peer, context, server_side=server_side)
        await wrapped.shake_hands(**more)
        return wrapped

    return start


@pytest.fixture
def free_endpoint():
    """Somewhere to listen, known before: a socket is told by its endpoint which kind it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Endpoint(*probe.getsockname())


overture = runpy.run_path(str(Path(__file__).with_name("overture.py")))


@pytest.fixture
def secure(ours, trust, wrap):
    """Plays a hop whose certificate this machine trusts, up to the end of the handshake."""
    trust(ours)

    async def play(started, pair=ours):
        hop = await started.hop.greet()
        await overture["ask_for_tls"](hop)
        await hop.say(overture["READY"])
        await wrap(hop, pair.server, server_side=True)
        return hop

    return play
