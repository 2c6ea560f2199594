"""Fetching a file of a list: whole, from whom we asked, within bounds, or not at all.

A server's answer is anybody's words. Its certificate is verified, redirections lead to ``https``
alone, what comes is bounded in time and, opened, in size; and an answer whose end cannot be told
from a cut (RFC 9112 section 8) is not taken. A file is asked for only if it has changed
(RFC 9110 section 13).
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from gateway import __version__
from gateway.errors import MonitionError
from gateway.lookup.gunzip import Gunzip, GunzipError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

CONNECT_SECONDS = 20.0
READ_SECONDS = 60.0
TOTAL_SECONDS = 1800.0
"""For one file, redirections and all."""

_LONGEST_VALIDATOR = 512

MOST_REDIRECTIONS = 5
USER_AGENT = f"Monition/{__version__}"

_REDIRECTIONS = {301, 302, 303, 307, 308}
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a server may take: to connect, between two pieces, in all; in seconds."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    total: float = TOTAL_SECONDS


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a server knows a version of a file again: its ETag, the date it was changed."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """As conditions of a request (RFC 9110 sections 13.1.2 and 13.1.3)."""
        said = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in said.items() if value and _can_be_sent(value)}


class DownloadError(MonitionError):
    """A file could not be had; the text says from where, why, and what may help."""


def download(
    address: str, to: Path, *, largest: int, known: Validators | None = None, timeouts: Timeouts
) -> Validators | None:
    """Write the file at an address to ``to``; ``None``: it is still what ``known`` tells of.

    Gives what the server knows this version by, for the next time. ``largest`` bounds it,
    opened, in bytes. Where this raises, what lies at ``to`` is worth nothing. Raises
    :class:`DownloadError` where the file cannot be had whole, within bounds and from whom we asked,
    and ``OSError`` where it cannot be written. Not to be called in a running event loop.
    """
    if not is_safe(address):
        raise DownloadError(f"{address}: only https is fetched, or http from this machine itself")
    fetching = _Download(address, largest, known, timeouts)
    try:
        return asyncio.run(fetching.run(to))
    except TimeoutError:
        message = f"took longer than {timeouts.total:.0f} s; try again later, or name a mirror"
    except httpx.ConnectTimeout:
        message = f"does not answer within {timeouts.connect:.0f} s; can this machine reach it?"
    except httpx.TimeoutException:
        message = f"fell silent for {timeouts.read:.0f} s; try again later"
    except httpx.ConnectError as error:
        message = _unreached(error)
    except httpx.HTTPError as error:
        message = f"the answer broke off or cannot be read ({_short(error)}); try again later"
    except httpx.InvalidURL as error:
        message = f"is no address that can be fetched ({_short(error)})"
    except GunzipError as error:
        message = f"{error}; try again later"
    raise DownloadError(f"{fetching.address}: {message}")


def is_safe(address: str) -> bool:
    """Whether an address is fetched at all: ``https``, or ``http`` on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or _is_local(address))


def _is_local(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
    return parts.scheme == "http" and is_loopback


class _Download:
    """One file being fetched. ``address`` is where it has been sent on to by now."""

    def __init__(
        self, address: str, largest: int, known: Validators | None, timeouts: Timeouts
    ) -> None:
        self.address = address
        self._largest = largest
        self._known = known
        self._limits = timeouts

    async def run(self, to: Path) -> Validators | None:
        timeouts = self._limits
        # On this machine no proxy helps, and what is not encrypted must not go to one.
        is_local = _is_local(self.address)
        async with (
            # Also for what no other bound ends: a header that trickles.
            asyncio.timeout(timeouts.total),
            httpx.AsyncClient(
                verify=_trust(),
                trust_env=not is_local,
                timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect),
                headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"},
            ) as client,
        ):
            for _ in range(MOST_REDIRECTIONS + 1):
                conditions = self._known.headers if self._known else {}
                async with client.stream("GET", self.address, headers=conditions) as answer:
                    if answer.status_code not in _REDIRECTIONS:
                        return await self._take(answer, to)
                    self._follow(answer)
        raise DownloadError(f"{self.address}: sends on more than {MOST_REDIRECTIONS} times")

    def _follow(self, answer: httpx.Response) -> None:
        target = answer.headers.get("Location")
        if not target:
            raise DownloadError(f"{self.address}: sends on, but not where to")
        there = str(httpx.URL(self.address).join(target))
        if not (there.startswith("https://") or (_is_local(self.address) and _is_local(there))):
            raise DownloadError(
                f"{self.address}: sends on to {there}, which is not encrypted; nothing was fetched"
            )
        self.address = there

    async def _take(self, answer: httpx.Response, to: Path) -> Validators | None:
        if answer.status_code == 304 and self._known is not None and self._known.headers:
            return None
        if answer.status_code != 200:
            raise DownloadError(
                f"{self.address}: answers {answer.status_code} {answer.reason_phrase}; the address "
                "may have moved, or this machine is not welcome there"
            )
        self._check_length(answer)
        with to.open("wb") as stream:
            await self._write(answer, stream)
        headers = answer.headers
        return Validators(headers.get("ETag"), headers.get("Last-Modified"))

    def _check_length(self, answer: httpx.Response) -> None:
        told = answer.headers.get("Content-Length")
        is_chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
        if told is None and not is_chunked:
            raise DownloadError(
                f"{self.address}: does not say how long its answer is, so that a cut would pass "
                "for its end; name another mirror"
            )
        if told is not None and told.isdigit() and int(told) > self._largest:
            raise self._too_large()

    async def _write(self, answer: httpx.Response, stream: BinaryIO) -> None:
        coding = answer.headers.get("Content-Encoding", "").strip().lower()
        if coding not in {"", "identity", "gzip", "x-gzip"}:
            raise DownloadError(f"{self.address}: answers in {coding!r}, which was not asked for")
        opened = Gunzip() if coding.endswith("gzip") else None
        size = 0
        # As it came: httpx would open any nesting of codings, each a thousandfold.
        async for chunk in answer.aiter_raw(_CHUNK):
            for piece in opened.decompress(chunk) if opened else (chunk,):
                size += len(piece)
                if size > self._largest:
                    raise self._too_large()
                stream.write(piece)
        if opened:
            opened.close()

    def _too_large(self) -> DownloadError:
        return DownloadError(
            f"{self.address}: is larger than {self._largest} bytes, which no such list is"
        )


def _trust() -> ssl.SSLContext:
    """Whom the machine trusts; where it knows nobody, whom the libraries do."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    return context if paths.cafile or paths.capath else httpx.create_ssl_context()


def _unreached(error: httpx.ConnectError) -> str:
    reason = _short(error)
    if "certificate" in reason.lower():
        return f"cannot prove who it is ({reason}); nothing was fetched"
    return f"cannot be reached ({reason}); can this machine reach it? Proxies: HTTPS_PROXY"


def _short(error: Exception) -> str:
    """A library's words, of which only a line is of use."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _can_be_sent(value: str) -> bool:
    """Whether a server's word can be said back to it: it may have been anything."""
    return len(value) <= _LONGEST_VALIDATOR and value.isascii() and value.isprintable()
