"""Questions to a DNS server on loopback; never to the network's."""

import asyncio
import contextlib

import dns.asyncresolver
import dns.resolver
import pytest
from structlog.testing import capture_logs

from gateway.config import Endpoint
from gateway.lookup import dns_resolver
from gateway.lookup.dns_resolver import MOST_ANSWERS, DnsResolver, NoServerError, UnknownAnswer
from gateway.metrics import Metrics

SECONDS = 0.3
PATIENCE = 20


class Questions:
    """A resolver at work, and all that it told."""

    def __init__(self, *ports, per_hour=1000, seconds=PATIENCE, **more):
        self.metrics = Metrics()
        servers = [Endpoint("127.0.0.1", port) for port in ports]
        self.resolver = DnsResolver(per_hour, servers, self.metrics, seconds=seconds, **more)
        self.told = {}
        self.wanted = lambda _domain: True
        self._news = asyncio.Event()

    def wants(self, domain):
        return self.wanted(domain)

    async def hear(self, domain, answers):
        self.told[domain] = answers
        self._news.set()

    @contextlib.asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.resolver.run(self.wants, self.hear))
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until_told(self, count):
        async with asyncio.timeout(PATIENCE):
            while len(self.told) < count:
                self._news.clear()
                await self._news.wait()

    async def until_counted(self, result, count=1):
        async with asyncio.timeout(PATIENCE):
            while self.counted(result) < count:
                await asyncio.sleep(0.01)

    def counted(self, result):
        return self.metrics.lookups.labels(result)._value.get()


async def ask(server, domain, seconds=PATIENCE):
    return await Questions(server.port, seconds=seconds).resolver.ask(domain)


async def test_s07_mail_exchangers_and_name_servers_are_asked_for(name_server):
    name_server.has("l.example", mx=["20 B.MIPT.ru.", "10 a.l.example."], ns=["ns.h.example."])
    assert await ask(name_server, "l.example") == (
        ("MX", "a.l.example"),
        ("MX", "b.mipt.ru"),
        ("NS", "ns.h.example"),
    )


async def test_s07_the_name_servers_are_those_of_the_registered_part(name_server):
    name_server.has("lab.l.example", mx=["10 mx.h.example."])
    name_server.has("l.example", ns=["ns.mipt.ru."])
    assert await ask(name_server, "lab.l.example") == (
        ("MX", "mx.h.example"),
        ("NS", "ns.mipt.ru"),
    )


async def test_s07_no_mail_exchanger_but_a_name_server(name_server):
    name_server.has("l.example", ns=["ns.mipt.ru."])
    assert await ask(name_server, "l.example") == (("NS", "ns.mipt.ru"),)


async def test_s07_a_null_mail_exchanger_names_no_host(name_server):
    name_server.has("l.example", mx=["0 ."])
    assert await ask(name_server, "l.example") == ()


async def test_s07_an_alias_is_followed(name_server):
    name_server.has("l.example", cname=["m.example."])
    name_server.has("m.example", mx=["10 mx.mipt.ru."])
    assert await ask(name_server, "l.example") == (("MX", "mx.mipt.ru"),)


async def test_s07_a_domain_that_does_not_exist_has_no_hosts(name_server):
    assert await ask(name_server, "nowhere.example") == ()


@pytest.mark.parametrize(
    ("literal", "name", "kind", "address"),
    [
        ("[93.184.215.14]", "14.215.184.93.in-addr.arpa", "a", "93.184.215.14"),
        ("[ipv6:2001:4860::8]", f"8{'.0' * 23}.0.6.8.4.1.0.0.2.ip6.arpa", "aaaa", "2001:4860::8"),
    ],
)
async def test_s07_of_an_address_literal_the_host_that_bears_it_is_asked_for(
    name_server, literal, name, kind, address
):
    name_server.has(name, ptr=["mx.mipt.ru.", "mx.liar.example."])
    name_server.has("mx.mipt.ru", **{kind: [address]})
    name_server.has("mx.liar.example", a=["192.0.2.7"])
    assert await ask(name_server, literal) == (("PTR", "mx.mipt.ru"),)


async def test_s07_an_address_that_no_host_bears_has_none(name_server):
    assert await ask(name_server, "[93.184.215.14]") == ()


@pytest.mark.parametrize("how", ["servfail", "refused"])
async def test_r16_a_servers_failure_is_a_value(name_server, how):
    name_server.odd["l.example"] = how
    assert await ask(name_server, "l.example") == UnknownAnswer("NoNameservers")


@pytest.mark.parametrize("how", ["silent", "stranger", "garbage"])
async def test_r16_a_time_out_is_a_value(name_server, how):
    name_server.has("l.example", mx=["10 mx.mipt.ru."])
    name_server.odd["l.example"] = how
    assert await ask(name_server, "l.example", SECONDS) == UnknownAnswer("LifetimeTimeout")


async def test_r16_a_server_that_is_not_there_is_a_value(name_server):
    name_server.close()
    found = await ask(name_server, "l.example", SECONDS)
    assert isinstance(found, UnknownAnswer)
    # For the fixture, which closes it as well.
    name_server.close = lambda: None


async def test_s07_mail_exchangers_count_although_the_name_servers_are_silent(name_server):
    name_server.has("lab.l.example", mx=["10 mx.mipt.ru."])
    name_server.odd["l.example"] = "silent"
    assert await ask(name_server, "lab.l.example", SECONDS) == (("MX", "mx.mipt.ru"),)


async def test_s07_an_answer_to_another_question_is_passed_over(name_server):
    name_server.has("l.example", mx=["10 mx.mipt.ru."])
    name_server.odd["l.example"] = "liar"
    assert await ask(name_server, "l.example") == (("MX", "mx.mipt.ru"),)


async def test_s07_a_long_answer_comes_over_tcp_and_is_looked_at_in_part(name_server):
    name_server.has("l.example", mx=[f"10 mx{n:04}.h{n:04}.example." for n in range(1000)])
    found = await ask(name_server, "l.example")
    assert found == tuple(("MX", f"mx{n:04}.h{n:04}.example") for n in range(MOST_ANSWERS))
    assert ("l.example", "MX", "tcp") in name_server.asked


async def test_s07_another_server_is_asked_where_one_fails(name_server):
    name_server.has("l.example", mx=["10 mx.mipt.ru."])
    with contextlib.closing(type(name_server)()) as other:
        other.odd["l.example"] = "servfail"
        questions = Questions(other.port, name_server.port)
        assert await questions.resolver.ask("l.example") == (("MX", "mx.mipt.ru"),)


async def test_s07_each_newcomer_is_asked_about_once(name_server):
    name_server.has("a.example", mx=["10 mx.mipt.ru."])
    async with Questions(name_server.port).running() as questions:
        for domain in ("a.example", "b.example", "a.example", "c.example"):
            questions.resolver.enqueue(domain)
        await questions.until_told(3)
        questions.resolver.enqueue("a.example")
        questions.resolver.enqueue("d.example")
        await questions.until_told(4)
    assert questions.told["a.example"] == (("MX", "mx.mipt.ru"),)
    assert [name for name, kind, _ in name_server.asked if kind == "MX"] == [
        *("a.example", "b.example", "c.example", "d.example")
    ]
    assert questions.counted("answered") == 4


async def test_s07_what_is_not_worth_a_question_costs_none(name_server):
    async with Questions(name_server.port, per_hour=2).running() as questions:
        questions.wanted = lambda domain: domain == "b.example"
        for domain in ("gmail.com", "a.example", "b.example"):
            questions.resolver.enqueue(domain)
        await questions.until_told(1)
    assert name_server.names_asked() == {"b.example"}


async def test_s07_within_an_hour_no_more_is_asked_than_the_budget_allows(name_server):
    async with Questions(name_server.port, per_hour=5).running() as questions:
        for number in range(20):
            questions.resolver.enqueue(f"d{number}.example")
        await questions.until_told(2)
        # The third waits for the next hour, and nothing that would come of it is on its way.
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(questions.resolver._budget._taken) == 4
    assert len(name_server.asked) == 4


async def test_s07_what_finds_no_room_is_let_go_counted_and_may_come_again(name_server):
    questions = Questions(name_server.port, room=2)
    for number in range(5):
        questions.resolver.enqueue(f"d{number}.example")
    assert questions.counted("dropped") == 3
    async with questions.running():
        await questions.until_told(2)
        questions.resolver.enqueue("d4.example")
        await questions.until_told(3)
    assert set(questions.told) == {"d0.example", "d1.example", "d4.example"}


async def test_s07_no_more_domains_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(dns_resolver, "MOST_REMEMBERED", 3)
    questions = Questions(1)
    for number in range(10):
        questions.resolver.enqueue(f"d{number}.example")
    assert list(questions.resolver._remembered) == ["d7.example", "d8.example", "d9.example"]


async def test_r16_what_could_not_be_known_is_counted_and_asked_again_when_met_again(name_server):
    name_server.odd["l.example"] = "servfail"
    async with Questions(name_server.port).running() as questions:
        questions.resolver.enqueue("l.example")
        await questions.until_counted("unknown")
        del name_server.odd["l.example"]
        questions.resolver.enqueue("l.example")
        await questions.until_told(1)


@pytest.mark.parametrize("place", ["wanted", "told"])
async def test_r16_an_error_of_ours_is_counted_told_without_words_and_the_next_one_comes(
    name_server, place
):
    def fail(domain):
        if domain == "bad.example":
            raise ValueError(domain)
        return True

    questions = Questions(name_server.port)
    if place == "wanted":
        questions.wanted = fail
    else:
        hear = questions.hear

        async def failing(domain, answers):
            fail(domain)
            await hear(domain, answers)

        questions.hear = failing
    with capture_logs() as logged:
        async with questions.running():
            questions.resolver.enqueue("bad.example")
            questions.resolver.enqueue("good.example")
            await questions.until_told(1)
    assert questions.counted("failed") == 1
    assert set(questions.told) == {"good.example"}
    (entry,) = logged
    assert entry["event"] == "a domain was not looked at"
    assert str(entry["exc_info"]) == "ValueError"


def test_where_there_is_no_server_to_ask_it_says_what_to_set(monkeypatch):
    def none(*_, **__):
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", none)
    with pytest.raises(NoServerError, match=r"name one in lists\.resolvers"):
        DnsResolver(10, [], Metrics())
