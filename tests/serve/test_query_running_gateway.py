import http.server
import socketserver
import threading

import pytest

from gateway.config import Endpoint
from gateway.metrics import Metrics, exposition
from gateway.serve import query_running_gateway


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "a socket"


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@pytest.fixture(params=["tcp", "unix"])
def site(request, tmp_path):
    """A server with one page, on either kind of endpoint."""
    if request.param == "tcp":
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.endpoint = Endpoint("127.0.0.1", server.server_port)
    else:
        server = UnixServer(str(tmp_path / "s"), Handler)
        server.endpoint = Endpoint(path=str(tmp_path / "s"))
    server.status, server.content = 200, b""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def page(*digests):
    metrics = Metrics()
    for snapshot, policy in digests:
        metrics.snapshot_info.labels(snapshot, policy).set(1)
    metrics.snapshot_info.labels("sha256:old", "sha256:old").set(0)
    return exposition(metrics.samples())


def test_it_says_what_it_works_by(site):
    site.content = page(("sha256:s", "sha256:p"))
    assert query_running_gateway.ask(site.endpoint) == query_running_gateway.RunningGateway(
        ("sha256:s",), ("sha256:p",)
    )


def test_while_workers_reload_there_may_be_two(site):
    site.content = page(("sha256:s", "sha256:p"), ("sha256:t", "sha256:p"))
    found = query_running_gateway.ask(site.endpoint)
    assert set(found.snapshots) == {"sha256:s", "sha256:t"}
    assert found.policies == ("sha256:p",)


@pytest.mark.parametrize(("status", "content"), [(404, b""), (200, b"\xff"), (200, page())])
def test_somebody_else_is_no_gateway(site, status, content):
    site.status, site.content = status, content
    found = query_running_gateway.ask(site.endpoint)
    assert found.snapshots == ()
    assert "is no gateway, or one that just starts" in found.why_not


def test_where_nobody_answers_that_is_said(tmp_path):
    found = query_running_gateway.ask(Endpoint(path=str(tmp_path / "nobody")))
    assert found.why_not.startswith(f"no gateway answers at unix:{tmp_path}/nobody (No such file")
