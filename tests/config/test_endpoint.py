import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:10025", Endpoint("127.0.0.1", 10025)),
        ("[::1]:25", Endpoint("::1", 25)),
        ("[2001:DB8:0::1]:65535", Endpoint("2001:db8::1", 65535)),
        ("Mail.Example.EDU:1", Endpoint("mail.example.edu", 1)),
        ("mail_relay:25", Endpoint("mail_relay", 25)),
        ("unix:/run/monition.sock", Endpoint(path="/run/monition.sock")),
        ("unix:/run/with space:25", Endpoint(path="/run/with space:25")),
    ],
)
def test_each_form_is_read(text: str, endpoint: Endpoint):
    assert Endpoint.parse(text) == endpoint
    assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "25",
        ":25",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:99999999999999999999",
        "127.0.0.1:-1",
        "127.0.0.1: 25",
        "127.0.0.1:٢٥",
        "1.2.3:25",
        "300.1.1.1:25",
        "::1:25",
        "[::1]",
        "[::1:25",
        "[127.0.0.1]:25",
        "-mail:25",
        "mail..edu:25",
        "*:25",
        "a" * 254 + ":25",
        "unix:",
        "unix:run/s",
        "unix:/" + "s" * 107,
    ],
)
def test_every_other_form_is_refused(text: str):
    with pytest.raises(ValueError, match=r"^(is|names) "):
        Endpoint.parse(text)


@given(st.text(st.sampled_from("unix:/[]:.0129af-mail "), max_size=30))
def test_a_text_is_read_as_what_it_prints_or_refused(text: str):
    try:
        endpoint = Endpoint.parse(text)
    except ValueError:
        return
    assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1:25", True),
        ("127.9.9.9:25", True),
        ("[::1]:25", True),
        ("[::ffff:127.0.0.1]:25", True),
        ("localhost:25", True),
        ("unix:/run/s", True),
        ("0.0.0.0:25", False),
        ("[::]:25", False),
        ("192.0.2.1:25", False),
        ("[::ffff:192.0.2.1]:25", False),
        ("mail.example.edu:25", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(text: str, loopback: bool):
    assert Endpoint.parse(text).is_loopback is loopback


@pytest.mark.parametrize(
    ("listener", "target", "serves"),
    [
        ("127.0.0.1:25", "127.0.0.1:25", True),
        ("127.0.0.1:25", "localhost:25", True),
        ("0.0.0.0:25", "127.0.0.1:25", True),
        ("[::]:25", "localhost:25", True),
        ("[::]:25", "0.0.0.0:25", True),
        ("unix:/run/s", "unix:/run/s", True),
        ("127.0.0.1:25", "127.0.0.1:26", False),
        ("127.0.0.1:25", "0.0.0.0:25", False),
        ("0.0.0.0:25", "192.0.2.1:25", False),
        ("unix:/run/s", "unix:/run/t", False),
        ("unix:/run/s", "127.0.0.1:25", False),
        ("mail.example.edu:25", "localhost:25", False),
    ],
)
def test_a_listener_serves_what_would_reach_it(listener: str, target: str, serves: bool):
    assert Endpoint.parse(listener).serves(Endpoint.parse(target)) is serves
