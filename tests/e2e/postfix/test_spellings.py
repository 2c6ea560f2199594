"""However a recipient is spelt: where Postfix takes the mail is what the gateway must have seen.

The spellings were tried on Postfix 3.7. Each test asks its log where the mail really went, so
that one which goes elsewhere in another version fails here and is no silent gap.
"""

from __future__ import annotations

import re
import smtplib

import pytest

pytestmark = pytest.mark.e2e

SPELLINGS = {
    "plain": "{}@skoltech.ru",
    "capitals": "{}@SkolTech.RU",
    "trailing dot": "{}@skoltech.ru.",
    "quoted local part": '"{}"@skoltech.ru',
    "quoted pair": "{}\\@skoltech.ru",
    "source route": "@relay.example:{}@skoltech.ru",
    "long source route": "@a.example,@b.example:{}@skoltech.ru",
    "display name": "Ivan <{}@skoltech.ru>",
    "space before @": "{} @skoltech.ru",
    "space after @": "{}@ skoltech.ru",
    "tab at the end": "{}@skoltech.ru\t",
    "percent": "{}%skoltech.ru",
    "percent at home": "{}%skoltech.ru@campus.example.edu",
    "quoted percent at home": '"{}%skoltech.ru"@campus.example.edu',
    "percent at an address": "{}%skoltech.ru@[127.0.0.1]",
    "bang": "skoltech.ru!{}",
    "bang at home": "skoltech.ru!{}@campus.example.edu",
    "subdomain": "{}@mail.skoltech.ru",
    "empty last domain": "{}@skoltech.ru@",
    "two empty domains": "{}@skoltech.ru@@",
    "quoted, empty domain": '"{}@skoltech.ru"@',
    "percent, empty domain": "{}%skoltech.ru@",
    "bang, empty domain": "skoltech.ru!{}@",
    "two domains, ours last": "{}@skoltech.ru@campus.example.edu",
    "quoted at home": '"{}@skoltech.ru"@campus.example.edu',
    "two domains, an address last": "{}@skoltech.ru@[127.0.0.1]",
    "quoted whole": '"{}@skoltech.ru"',
    "comment behind": "{}@skoltech.ru(comment)",
    "comment before": "{}@(comment)skoltech.ru",
    "semicolon": "{}@skoltech.ru;",
    "spaces in the domain": "{}@skoltech . ru",
    "comment not closed": "{}@skoltech.ru(@gmail.com",
    "quoted domain": '{}@"skoltech.ru"',
    "quoted pair in the domain": "{}@skol\\tech.ru",
}


def _local(name: str) -> str:
    return re.sub(r"\W+", "-", f"spelling {name}")


@pytest.fixture(scope="module")
def results(gateway, postfix, eventually):
    """One message to each; the domain Postfix took it to, and the senders that we saw."""
    with smtplib.SMTP("127.0.0.1", postfix.front, timeout=60) as smtp:
        smtp.ehlo("desktop.example.edu")
        for name, spelling in SPELLINGS.items():
            # No notices: it isn't one of our senders.
            assert smtp.docmd(f"MAIL FROM:<{_local(name)}@elsewhere.example>")[0] == 250
            said = smtp.docmd(f"RCPT TO:<{spelling.format(_local(name))}>")
            assert said[0] == 250, (spelling, said)
            assert smtp.data(b"Subject: x\r\n\r\nx\r\n")[0] == 250

    def went() -> dict[str, str]:
        return dict(re.findall(r"virtual\[\d+\]: \w+: to=<(spelling-[^@]+)@([^>]+)>", postfix.log))

    eventually(lambda: len(went()) == len(SPELLINGS), "all of them to be delivered")
    return went(), {event["sender"] for event in gateway.events(limit="0")}


@pytest.mark.parametrize("name", SPELLINGS)
def test_s02_a_listed_domain_is_seen_in_every_spelling_that_postfix_understands(name, results):
    went, seen = results
    domain = went[_local(name)].lower()
    assert domain == "skoltech.ru" or domain.endswith(".skoltech.ru")
    assert f"{_local(name)}@elsewhere.example" in seen
