from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Endpoint, fields


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (fields.domain, "Example.EDU.", "example.edu"),
        (fields.domain, "Universität.example", "xn--universitt-y5a.example"),
        (fields.domain, "ex\uff41mple.edu", "example.edu"),
        (fields.email, "A.b+c@Example.EDU", "A.b+c@example.edu"),
        (fields.email, "o'neill@bücher.example", "o'neill@xn--bcher-kva.example"),
        (fields.network, "::1", ip_network("::1/128")),
        (fields.network, "10.0.0.0/8", ip_network("10.0.0.0/8")),
        (fields.url, "https://example.edu/a?b#c", "https://example.edu/a?b#c"),
        (fields.language, "pt-BR", "pt-BR"),
        (fields.source, "us-ofac-sdn", "us-ofac-sdn"),
        (fields.resolver, "192.0.2.53:53", Endpoint("192.0.2.53", 53)),
        (fields.resolver, "[2001:db8::53]:5353", Endpoint("2001:db8::53", 5353)),
        (fields.workers, 4, 4),
        (fields.workers, "auto", "auto"),
    ],
)
def test_what_is_sound_is_read(read: Callable[[Any], Any], text: Any, value: Any):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (fields.domain, "edu", "a whole domain is needed"),
        (fields.domain, "*.example.edu", "write example.edu"),
        (fields.domain, ".example.edu", "write example.edu"),
        (fields.domain, "a@example.edu", "as in example.edu"),
        (fields.domain, "192.0.2.1", "an IP address is not a domain"),
        (fields.domain, "a_b.example.edu", "is not a domain name"),
        (fields.domain, "a..edu", "is not a domain name"),
        (fields.domain, "a" * 64 + ".edu", "is not a domain name"),
        (fields.email, "office", "it has no @"),
        (fields.email, "Office <a@example.edu>", "write the address alone"),
        (fields.email, "a b@example.edu", "write the address alone"),
        (fields.email, "@example.edu", "plain ASCII atoms"),
        (fields.email, ".a@example.edu", "plain ASCII atoms"),
        (fields.email, '"a"@example.edu', "plain ASCII atoms"),
        (fields.email, "a" * 65 + "@example.edu", "plain ASCII atoms"),
        (fields.email, "a@localhost", "is 'a@localhost', whose domain is 'localhost': a whole"),
        (fields.network, "10.1.0.0/8", "write 10.0.0.0/8"),
        (fields.network, "0.0.0.0/0", "every address there is"),
        (fields.network, "::/0", "every address there is"),
        (fields.network, "host", "must be an address or a network"),
        (fields.url, "ftp://example.edu", "whole web address"),
        (fields.url, "https://[", "whole web address"),
        (fields.url, "https://example.edu/a b", "whole web address"),
        (fields.resolver, "192.0.2.53", 'must be "host:port"'),
        (fields.resolver, "ns.example.edu:53", "must be an IP address and a port"),
        (fields.resolver, "unix:/run/dns", "must be an IP address and a port"),
        (fields.mirror, "http://mirror.example.edu/ofac/", "use https"),
        (fields.mirror, "https://me:secret@mirror.example.edu/", "has a user's name in it"),
        (fields.mirror, "mirror.example.edu/ofac/", "whole web address"),
        (fields.language, "english!", "language tag"),
        (fields.source, "US OFAC", "in lower case"),
        (fields.workers, 0, "must be a number from 1 to 256"),
        (fields.workers, 257, "must be a number from 1 to 256"),
        (fields.workers, True, "is true, must be"),
        (fields.workers, "many", "is 'many', must be"),
    ],
)
def test_what_is_wrong_is_told(read: Callable[[Any], Any], text: Any, told: str):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is what is tested
        read(text)
    assert told in str(caught.value)


@given(st.sampled_from([fields.domain, fields.email, fields.network, fields.url]), st.text())
def test_any_text_is_read_or_refused_in_words(read: Callable[[str], Any], text: str):
    try:
        value = read(text)
    except ValueError as error:
        assert str(error).startswith(("is ", "has "))  # noqa: PT017 - either end is right
    else:
        assert read(str(value)) == value
