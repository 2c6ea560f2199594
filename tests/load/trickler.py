"""Clients that trickle, in a process of their own: a byte now and then, each in another place.

``trickler.py HOST PORT FILE CLIENTS NAME SECONDS`` opens so many sessions, brings each to where it
trickles (in EHLO, MAIL, RCPT, DATA or a message's content), prints how many are there, and from
then on says one byte every so many seconds in each. When its standard input ends, it says the rest.
NAME begins the names of their messages.
"""

import asyncio
import sys

import uvloop
from sending import Book, Client, Lost, Try, allow_connections

AT_ONCE = 50  # sessions that are being opened
STAGES = ("EHLO", "MAIL", "RCPT", "DATA", "dot")
POSITIVE = (250, 250, 250, 354, 250)


class Trickler:
    def __init__(self, place: tuple[str, int], book: Book, name: str, every: float) -> None:
        self.place, self.book, self.name, self.every = place, book, name, every
        self.doors = asyncio.Semaphore(AT_ONCE)
        self.arrivals: asyncio.Queue[bool] = asyncio.Queue()
        self.is_over = asyncio.Event()

    async def run(self, number: int) -> None:
        """One session, from its greeting to its message's final reply."""
        slow = number % len(STAGES)
        letter = Try(f"{self.name}t{number}", 1, is_matched=number // len(STAGES) % 2 == 0)
        parts = ["EHLO client.example", *letter.lines(), letter.content() + "."]
        steps = list(zip(STAGES, parts, POSITIVE, strict=True))
        client = None
        try:
            async with self.doors:
                client = await Client.connect(*self.place)
                letter.told(await client.code())
                is_there = letter.code == 220 and await self.go(client, letter, steps[:slow])
            self.arrivals.put_nowait(is_there)
            if is_there:
                said = await self.trickle(client, parts[slow])
                stage, part, code = steps[slow]
                await self.go(client, letter, [(stage, part[said:], code), *steps[slow + 1 :]])
        except Lost as lost:
            letter.told(None, str(lost))
            self.arrivals.put_nowait(False)
        self.book.enter(letter)
        if client is not None:
            client.close()

    async def go(self, client: Client, letter: Try, steps: list[tuple[str, str, int]]) -> bool:
        """Take these steps; whether each was answered as it should."""
        for stage, part, code in steps:
            letter.stage = stage
            client.say(part + "\r\n")
            letter.told(await client.code())
            if letter.code != code:
                return False
        return True

    async def trickle(self, client: Client, part: str) -> int:
        """Half of it, and then a byte now and then until it is over; how much was said."""
        said = len(part) // 2
        client.say(part[:said])
        while not self.is_over.is_set():
            try:
                await asyncio.wait_for(self.is_over.wait(), self.every)
            except TimeoutError:
                if said < len(part) - 1:
                    client.say(part[said])
                    said += 1
        return said


async def main(  # noqa: PLR0917
    host: str, port: str, file: str, clients: str, name: str, seconds: str
) -> None:
    allow_connections(int(clients))
    trickler = Trickler((host, int(port)), Book(file), name, float(seconds))
    async with asyncio.TaskGroup() as group:
        for number in range(int(clients)):
            group.create_task(trickler.run(number))
        print(sum([await trickler.arrivals.get() for _ in range(int(clients))]), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        trickler.is_over.set()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
