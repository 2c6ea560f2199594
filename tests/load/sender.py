"""Mail servers under load, in a process of their own: what is not accepted is tried again.

``sender.py HOST PORT FILE CLIENTS NAME [SECONDS]`` sends until its standard input ends, so many
seconds after each message the next, every second one to a sanctioned institution; NAME begins their
names. Some clients keep their connection for five messages, some say MAIL, RCPT and DATA at once. A
message whose turn has come when the end does is given up after its try.
"""

import asyncio
import sys
from itertools import count

import uvloop
from sending import Book, Client, Lost, Try

WAIT = 0.02  # seconds, before a message is tried again


class Sender:
    def __init__(self, place: tuple[str, int], book: Book, name: str, pause: float) -> None:
        self.place, self.book, self.name, self.pause = place, book, name, pause
        self.is_over = asyncio.Event()

    async def run(self, number: int) -> None:
        """One client, a message after the other."""
        client, left = None, 0
        for turn in count(1):
            for attempt in count(1):
                if self.is_over.is_set():
                    if client is not None:
                        client.close()
                    return
                letter = Try(f"{self.name}c{number}m{turn}", attempt, is_matched=turn % 2 == 0)
                client, left = await self.attempt(letter, client, left, number)
                self.book.enter(letter)
                await asyncio.sleep(self.pause)
                if letter.code is not None and 200 <= letter.code < 300:
                    break
                await asyncio.sleep(WAIT)

    async def attempt(
        self, letter: Try, client: Client | None, left: int, number: int
    ) -> tuple[Client | None, int]:
        """Try it; the connection, where it may be used for so many more messages."""
        try:
            if client is None:
                left = 5 if number % 2 else 1
                client = await Client.connect(*self.place)
                await self.ask(letter, client, "greeting", None, 220)
                await self.ask(letter, client, "EHLO", "EHLO client.example\r\n", 250)
            await self.deliver(letter, client, pipelines=number % 4 >= 2)
            if left > 1:
                return client, left - 1
            client.say("QUIT\r\n")
            while True:
                await client.code()
        except Lost as lost:
            if letter.code is None:
                letter.told(None, str(lost))
        if client is not None:
            client.close()
        return None, 0

    async def deliver(self, letter: Try, client: Client, *, pipelines: bool) -> None:
        lines = letter.lines()
        if pipelines:
            client.say("\r\n".join(lines) + "\r\n")
        for line, code in zip(lines, (250, 250, 354), strict=True):
            await self.ask(letter, client, line[:4], None if pipelines else line + "\r\n", code)
        await self.ask(letter, client, "dot", letter.content() + ".\r\n", 250)

    async def ask(
        self, letter: Try, client: Client, stage: str, text: str | None, expected: int
    ) -> None:
        """Say something, unless it is said; ``Lost`` where the reply is not as hoped for."""
        letter.stage, letter.code = stage, None
        if text is not None:
            client.say(text)
        letter.told(await client.code())
        if letter.code != expected:
            raise Lost


async def main(  # noqa: PLR0917
    host: str, port: str, file: str, clients: str, name: str, pause: str = "0"
) -> None:
    sender = Sender((host, int(port)), Book(file), name, float(pause))
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        for number in range(int(clients)):
            group.create_task(sender.run(number))
        await loop.run_in_executor(None, sys.stdin.read)
        sender.is_over.set()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
