"""The sender's department, as it was known when a message matched."""

from __future__ import annotations

from gateway.config.departments import parse

KNOWN = parse(b"sender,department\nProf.A@example.edu,Physics\n@law.example.edu,Law\n", "staff.csv")


async def sent(started, sender):
    client, hop = await started.meet()
    commands = [b"MAIL FROM:<%s>\r\n" % sender, b"RCPT TO:<friend.b@mipt.ru>\r\n"]
    whole = b"".join([*commands, b"DATA\r\n"])
    await client.say(whole)
    await (await hop.hear(whole)).say(b"250 2.0.0 Ok\r\n" * 2 + b"354 go\r\n")
    await client.reply(250, 250, 354)
    content = b"Subject: x\r\n\r\nx\r\n.\r\n"
    await client.say(content)
    await (await hop.hear(content)).say(b"250 2.0.0 Ok: queued\r\n")
    await client.reply(250)


async def test_an_event_keeps_the_department_that_was_known_when_it_was_written(gateway):
    started = await gateway()
    orders = started.server.connections.inspector.in_force
    orders.departments = KNOWN
    for sender in (b"prof.a@EXAMPLE.edu", b"jane@lab.law.example.edu", b"omar@example.edu", b""):
        await sent(started, sender)
    orders.departments = parse(b"sender,department\n@example.edu,Moved\n", "staff.csv")
    await sent(started, b"prof.a@example.edu")
    told = started.rows("SELECT department FROM finding ORDER BY seq")
    assert [department for (department,) in told] == ["Physics", "Law", None, None, "Moved"]
