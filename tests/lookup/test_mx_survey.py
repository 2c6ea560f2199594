"""Many questions for a person: to a DNS server on loopback, never to the network's."""

from gateway.config import Endpoint
from gateway.lookup.dns_resolver import DnsResolver
from gateway.lookup.mx_survey import HOPELESS_AFTER, MOST_AT_ONCE, survey
from gateway.metrics import Metrics


def resolver(server):
    return DnsResolver(1000, [Endpoint("127.0.0.1", server.port)], Metrics(), seconds=20)


async def test_each_is_asked_once_and_told(name_server):
    names = [f"d{number}.example" for number in range(3 * MOST_AT_ONCE)]
    for name in names:
        name_server.has(name, mx=[f"10 mx.{name}."])
    name_server.odd["d5.example"] = "servfail"
    told = []
    found = await survey(names, resolver(name_server), lambda: told.append(1))
    assert found.answers == {
        name: (("MX", f"mx.{name}"),) for name in names if name != "d5.example"
    }
    assert (found.asked, found.unknown, len(told)) == (len(names), 1, len(names))
    assert sorted(name for name, _, _ in name_server.asked if name != "d5.example") == sorted(
        found.answers
    )
    assert not found.is_hopeless


async def test_where_nothing_answers_no_more_is_asked(name_server):
    names = [f"d{number}.example" for number in range(10 * HOPELESS_AFTER)]
    name_server.odd.update(dict.fromkeys(names, "refused"))
    found = await survey(names, resolver(name_server))
    assert found.is_hopeless
    assert HOPELESS_AFTER <= found.asked <= HOPELESS_AFTER + MOST_AT_ONCE


async def test_no_domain_is_no_question(name_server):
    assert (await survey([], resolver(name_server))).asked == 0
    assert name_server.asked == []
