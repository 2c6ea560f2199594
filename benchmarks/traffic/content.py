"""The messages that are sent: made anew for each run, always the same bytes.

They look like mail, since their look matters: a relay that searches for the final dot stops at
every full stop, and a body of nothing but X would flatter it.
"""

from __future__ import annotations

import base64
import random
import textwrap

_HEADER = """\
Received: from laptop.example.edu (laptop.example.edu [192.0.2.17])
 by mail.example.edu (Postfix) with ESMTPSA id 4Z1qk53xQyz2Rt;
 Sun, 22 Nov 2026 09:14:05 +0000 (UTC)
From: Alice Example <alice@example.edu>
To: A Colleague <colleague@example.org>
Subject: Draft of section 3
Date: Sun, 22 Nov 2026 09:14:05 +0000
Message-ID: <5f0c2d9e-7a41-4c0b-93d0-1b2f8a6e4d10@example.edu>
MIME-Version: 1.0
Content-Type: {kind}

"""
_WORDS = """
    the a of in and to for with on at this that sample signal model result figure table section
    value method error phase lattice spectrum draft reviewer question answer we they measured
    compared removed added found expected shorter longer again before after between
"""
_BOUNDARY = "=_5f0c2d9e7a41"


def content(size: int) -> str:
    """Make a message of about ``size`` bytes with LF line ends, as ``smtp-source -F`` reads it.

    A small one is plain text; one of over 20,000 bytes is text, HTML and an attachment.
    """
    source = random.Random(size)
    if size <= 20_000:
        header = _HEADER.format(kind="text/plain; charset=utf-8")
        return header + _cut(_prose(source, size), size - len(header))
    header = _HEADER.format(kind=f'multipart/mixed; boundary="{_BOUNDARY}"')
    parts = [
        _part("text/plain; charset=utf-8", _prose(source, size // 40)),
        _part("text/html; charset=utf-8", _page(source, size // 10)),
    ]
    room = size - len(header) - sum(map(len, parts)) - 100
    attachment = base64.encodebytes(source.randbytes(room * 3 // 4 * 76 // 77)).decode("ascii")
    parts.append(_part("application/pdf\nContent-Transfer-Encoding: base64", attachment))
    return header + "".join(parts) + f"--{_BOUNDARY}--\n"


def as_sent(text: str) -> bytes:
    """Give the same as SMTP sends it, the final dot left out (RFC 5321, section 4.5.2)."""
    return "".join(
        f"{'.' if line.startswith('.') else ''}{line}\r\n" for line in text.splitlines()
    ).encode("ascii")


def _part(kind: str, body: str) -> str:
    return f"--{_BOUNDARY}\nContent-Type: {kind}\n\n{body}\n"


def _sentence(source: random.Random) -> str:
    words = source.choices(_WORDS.split(), k=source.randint(5, 16))
    return " ".join(words).capitalize() + "."


def _prose(source: random.Random, size: int) -> str:
    sentences: list[str] = []
    length = 0
    while length < size:
        sentences.append(_sentence(source))
        length += len(sentences[-1])
    return textwrap.fill(" ".join(sentences), 72) + "\n"


def _page(source: random.Random, size: int) -> str:
    lines: list[str] = []
    length = 0
    while length < size:
        number = len(lines)
        link = f'<a href="https://www.example.edu/notes/{number}.html">note {number}</a>'
        lines.append(f'<p style="line-height: 1.4em">{_sentence(source)} See {link}.</p>\n')
        length += len(lines[-1])
    return "".join(lines)


def _cut(text: str, size: int) -> str:
    return text[: size - 1].rstrip("\n") + "\n"
