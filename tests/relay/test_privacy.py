"""What is left of a message, in the ledger's folder and in the log, once it has gone through."""

SENDER = b"prof.a@example.edu"
MATCHED = b"friend.b@mipt.ru"
OTHER = b"friend.c@example.org"
HEADER = b"Subject: our secret plan\r\nFrom: Prof A <prof.a@example.edu>\r\nTo: all\r\n\r\n"
BODY = b"what nobody else should read\r\n"


async def sent(started, *recipients):
    """Have a message delivered to the recipients; everything that was written of it."""
    client, hop = await started.meet()
    commands = [b"MAIL FROM:<%s>\r\n" % SENDER]
    commands += [b"RCPT TO:<%s>\r\n" % recipient for recipient in recipients]
    whole = b"".join([*commands, b"DATA\r\n"])
    await client.say(whole)
    await (await hop.hear(whole)).say(b"250 2.0.0 Ok\r\n" * len(commands) + b"354 go\r\n")
    await client.reply(*[250] * len(commands), 354)
    content = HEADER + BODY + b".\r\n"
    await client.say(content)
    await (await hop.hear(content)).say(b"250 2.0.0 Ok: queued\r\n")
    await client.reply(250)
    files = b"".join(file.read_bytes() for file in started.folder.rglob("*") if file.is_file())
    return files, started.log.getvalue().encode()


async def test_of_a_message_to_nobody_listed_nothing_is_kept(gateway):
    started = await gateway()
    files, log = await sent(started, OTHER)
    assert started.kinds() == []
    assert started.count("delivered") == 1
    for text in (SENDER, OTHER, b"secret plan", BODY.strip()):
        assert text not in files
        assert text not in log


async def test_of_a_matched_message_its_sender_and_matched_recipients_are_kept_and_no_more(gateway):
    started = await gateway()
    files, log = await sent(started, OTHER, MATCHED)
    assert MATCHED in files
    assert SENDER in files
    for text in (OTHER, b"secret plan", BODY.strip(), b"Prof A"):
        assert text not in files
    assert b"@" not in log
