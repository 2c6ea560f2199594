"""Files fetched from a real server that does what servers should not."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import shutil
import ssl
import subprocess
import threading
import zlib
from functools import partial

import pytest

from gateway import __version__
from gateway.lookup.download import DownloadError, Timeouts, Validators, download, is_safe

LIST = b"1,Example Institute\n" * 500
LARGEST = 100_000
TAG = '"v1"'
DAY = "Sun, 01 Nov 2026 10:00:00 GMT"


class Handler(http.server.BaseHTTPRequestHandler):
    """Does to each path what the test says: ``pages`` are functions of the handler."""

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        # What is left unread would reset the connection, and what was said with it.
        with contextlib.suppress(OSError):
            self.server.pages[self.path](self)
        self.close_connection = True

    def log_message(self, *_):
        pass

    def answer(self, status=200, body=b"", length=True, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not False:
            self.send_header("Content-Length", str(len(body) if length is True else length))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {}
        self.asked = []
        self.is_over = threading.Event()
        self.base = f"http://127.0.0.1:{self.server_port}"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.base = f"https://localhost:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def handle_error(self, request, client_address):
        pass  # a client that does not trust us hangs up

    def close(self):
        self.is_over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


@pytest.fixture
def server():
    with contextlib.closing(Server()) as server:
        yield server


@pytest.fixture
def get(server, tmp_path):
    """Fetches a path; gives the file's content and what came with it."""

    def get(path="/list", known=None, largest=LARGEST, **limits):
        to = tmp_path / "file"
        found = download(
            server.base + path,
            to,
            largest=largest,
            known=known,
            timeouts=Timeouts(**{"connect": 5, "read": 5, "total": 20, **limits}),
        )
        return found and (to.read_bytes(), found)

    return get


def plainly(handler):
    handler.answer(body=LIST, ETag=TAG, Last_Modified=DAY)


def test_a_file_is_fetched_with_what_its_server_knows_it_by(server, get):
    server.pages["/list"] = plainly
    assert get() == (LIST, Validators(TAG, DAY))
    _, headers = server.asked[0]
    assert headers["User-Agent"] == f"Monition/{__version__}"
    assert "If-None-Match" not in headers


def test_what_has_not_changed_is_not_fetched_again(server, get):
    server.pages["/list"] = lambda handler: handler.answer(304, length=False)
    assert get(known=Validators(TAG, DAY)) is None
    _, headers = server.asked[0]
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == (TAG, DAY)


@pytest.mark.parametrize("odd", ['"\xff"', '"a\x01b"', '"' + "x" * 600 + '"'])
def test_what_cannot_be_said_back_is_no_condition(odd, server, get):
    server.pages["/list"] = plainly
    assert get(known=Validators(odd, DAY))
    _, headers = server.asked[0]
    assert ("If-None-Match" in headers, headers["If-Modified-Since"]) == (False, DAY)


@pytest.mark.parametrize("known", [None, Validators()])
def test_not_changed_is_no_answer_to_a_question_that_was_not_asked(server, get, known):
    server.pages["/list"] = lambda handler: handler.answer(304, length=False)
    with pytest.raises(DownloadError, match="answers 304"):
        get(known=known)


def test_what_was_sent_compressed_is_opened(server, get):
    body = gzip.compress(LIST) + gzip.compress(LIST)
    server.pages["/list"] = lambda handler: handler.answer(body=body, Content_Encoding="gzip")
    assert get()[0] == LIST * 2


def chunked(*pieces, end=True):
    def page(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n" if end else b"")

    return page


def test_an_answer_in_chunks_has_an_end_too(server, get):
    server.pages["/list"] = chunked(LIST, LIST)
    assert get()[0] == LIST * 2


def cut_gzip(handler):
    handler.answer(body=gzip.compress(LIST)[:-9], Content_Encoding="gzip")


def trickle_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.is_over.wait(0.05):
        handler.wfile.write(b"X: y\r\n")


def hang(handler):
    handler.server.is_over.wait(20)


def hang_in_the_middle(handler):
    handler.answer(body=LIST, length=len(LIST) * 2)
    handler.server.is_over.wait(20)


def trickle(handler):
    handler.answer(body=b"", length=len(LIST))
    while not handler.server.is_over.wait(0.05):
        handler.wfile.write(b"x")


def without_length(handler):
    handler.answer(body=LIST, length=False)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        pytest.param(
            lambda handler: handler.answer(body=LIST, length=len(LIST) + 1),
            "broke off",
            id="shorter than it says",
        ),
        pytest.param(chunked(LIST, end=False), "broke off", id="cut between chunks"),
        pytest.param(cut_gzip, "broke off within its gzip", id="cut within its gzip"),
        pytest.param(
            lambda handler: handler.answer(body=LIST, Content_Encoding="gzip"),
            "no whole gzip",
            id="no gzip",
        ),
        pytest.param(
            lambda handler: handler.answer(body=LIST, Content_Encoding="gzip, gzip"),
            "was not asked for",
            id="gzip in gzip",
        ),
        pytest.param(without_length, "how long", id="no length"),
        pytest.param(
            lambda handler: handler.answer(404, b"gone"), "answers 404 Not Found", id="not found"
        ),
        pytest.param(
            lambda handler: handler.answer(206, LIST, Content_Range="bytes 0-9/99"),
            "answers 206",
            id="a part",
        ),
        pytest.param(
            lambda handler: handler.answer(302, Location="http://list.example/"),
            "sends on to http://list.example/, which is not encrypted",
            id="redirected to http",
        ),
        pytest.param(
            lambda handler: handler.answer(302, Location="file:///etc/passwd"),
            "not encrypted",
            id="redirected to a file",
        ),
        pytest.param(lambda handler: handler.answer(302), "not where to", id="redirected nowhere"),
        pytest.param(
            lambda handler: handler.answer(302, Location=handler.path),
            "more than 5 times",
            id="redirected for ever",
        ),
        pytest.param(lambda handler: handler.wfile.write(b"hello\r\n\r\n"), "broke", id="no HTTP"),
        pytest.param(lambda _: None, "broke off", id="closes at once"),
    ],
)
def test_s12_a_bad_answer_is_no_list(server, get, page, why):
    server.pages["/list"] = page
    with pytest.raises(DownloadError, match=why) as told:
        get()
    assert str(told.value).startswith(f"{server.base}/list: ")


@pytest.mark.parametrize(
    ("page", "limits", "why"),
    [
        (hang, {"read": 0.2}, "fell silent"),
        (hang_in_the_middle, {"read": 0.2}, "fell silent"),
        (trickle, {"total": 0.4}, "took longer"),
        (trickle_headers, {"total": 0.4}, "took longer"),
    ],
)
def test_s12_no_server_holds_us_for_long(server, get, page, limits, why):
    server.pages["/list"] = page
    with pytest.raises(DownloadError, match=why):
        get(**limits)


def test_s12_what_says_that_it_is_too_large_is_not_even_begun(server, get, tmp_path):
    server.pages["/list"] = lambda handler: handler.answer(body=LIST, length=3 << 30)
    with pytest.raises(DownloadError, match="larger than 100000 bytes"):
        get()
    assert not (tmp_path / "file").exists()


def test_s12_what_goes_on_and_on_is_left(server, get, tmp_path):
    sent = []

    def page(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        piece = bytes(1 << 16)
        for _ in range(3 << 14):  # 3 GB
            handler.wfile.write(b"10000\r\n%s\r\n" % piece)
            sent.append(len(piece))

    server.pages["/list"] = page
    with pytest.raises(DownloadError, match="larger than 100000 bytes"):
        get()
    assert (tmp_path / "file").stat().st_size <= LARGEST
    assert sum(sent) < 64 << 20  # what fits between two sockets


def test_s12_a_bomb_is_measured_by_what_comes_out_of_it(server, get, tmp_path):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
    assert len(bomb) < LARGEST
    server.pages["/list"] = lambda handler: handler.answer(body=bomb, Content_Encoding="gzip")
    with pytest.raises(DownloadError, match="larger than 100000 bytes"):
        get()
    assert (tmp_path / "file").stat().st_size <= LARGEST


def test_a_redirection_is_followed_on_this_machine_and_conditions_go_along(server, get):
    server.pages["/list"] = lambda handler: handler.answer(307, Location="/there")
    server.pages["/there"] = plainly
    assert get(known=Validators('"v0"'))[0] == LIST
    assert [headers["If-None-Match"] for _, headers in server.asked] == ['"v0"', '"v0"']


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://list.example/a.csv", True),
        ("http://127.0.0.1:8000/a.csv", True),
        ("http://[::1]/a.csv", True),
        ("http://localhost/a.csv", True),
        ("http://list.example/a.csv", False),
        ("http://localhost.list.example/", False),
        ("http://127.0.0.1.example/", False),
        ("ftp://127.0.0.1/", False),
        ("file:///etc/passwd", False),
        ("https:///a.csv", False),
        ("http://[::1/a.csv", False),
    ],
)
def test_only_what_is_encrypted_or_never_leaves_this_machine_is_safe(address, may, tmp_path):
    assert is_safe(address) is may
    if not may:
        with pytest.raises(DownloadError, match="only https"):
            download(address, tmp_path / "file", largest=1, timeouts=Timeouts())


def test_nobody_at_home_is_told(tmp_path):
    server = Server()
    server.close()
    with pytest.raises(DownloadError, match=r"cannot be reached .* can this machine reach it\?"):
        download(f"{server.base}/x", tmp_path / "file", largest=1, timeouts=Timeouts())


def test_a_folder_that_is_not_there_is_the_callers_affair(server, tmp_path):
    server.pages["/list"] = plainly
    with pytest.raises(FileNotFoundError):
        download(f"{server.base}/list", tmp_path / "no" / "x", largest=LARGEST, timeouts=Timeouts())


def test_nothing_of_this_machine_goes_through_a_proxy(server, get, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.pages["/list"] = plainly
    assert get()[0] == LIST


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", folder / "key.pem", "-out", folder / "chain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def secure(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "chain.pem", certificate / "key.pem")
    with contextlib.closing(Server(context)) as server:
        server.pages["/list"] = plainly
        server.pages["/astray"] = lambda handler: handler.answer(
            302, Location=f"http://127.0.0.1:{server.server_port}/list"
        )
        yield server


def test_a_server_that_cannot_prove_who_it_is_gives_nothing(secure, tmp_path):
    with pytest.raises(DownloadError, match="cannot prove who it is"):
        download(f"{secure.base}/list", tmp_path / "file", largest=LARGEST, timeouts=Timeouts())
    assert secure.asked == []


def test_one_whose_certificate_is_trusted_does(secure, certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "chain.pem"))
    get = partial(download, largest=LARGEST, timeouts=Timeouts())
    assert get(f"{secure.base}/list", tmp_path / "file") == Validators(TAG, DAY)
    assert (tmp_path / "file").read_bytes() == LIST
    with pytest.raises(DownloadError, match="not encrypted"):
        get(f"{secure.base}/astray", tmp_path / "file")
