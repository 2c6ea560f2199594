"""A path as a MAIL or RCPT command names it, read as far as screening needs it.

The grammar is RFC 5321 section 4.1.2 with RFC 6531's UTF-8, read the way mail systems deliver
rather than the way the grammar refuses: whoever screens a recipient that the next hop has
accepted must find the domain the next hop found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.addresses.domain_name import DomainError, normalise
from gateway.model import Address

# The longest command line the wire takes (R14); a path is shorter still.
MAX_PATH = 4096

# A quoted string, to its closing quote or, unclosed, to the end of the path; or an @ outside one.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+("|\\?\Z)|@', re.DOTALL)
# RFC 5321 section 4.1.3: "[" what the literal says "]".
_LITERAL = re.compile(rb"\[[!-Z^-~]{1,255}\]\Z")
# What no domain has, and some servers overlook in one.
_ODD = b' \t()";\\'
# RFC 5322 section 3.2.2, without nesting.
_COMMENT = re.compile(rb"\([^()]*(?:\)|\Z)")
_MOST_WRAPPINGS = 3
# BATV, draft-levine-smtp-batv-01: prvs=KDDDSSSSSS=mailbox, signed by the mailbox's own host.
_BATV = re.compile(r"prvs=[0-9a-z]{10}=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """A path that names no mailbox. ``reason`` quotes nothing of it and may be logged."""

    raw: bytes
    reason: str


def parse(path: bytes) -> Address | UnreadablePath:
    r"""Read the path between the angle brackets of a command; never raises.

    A source route (``@a,@b:user@c``) is passed over, RFC 5321 appendix C. A path without an
    ``@`` (``postmaster``) is local: its domain is ``""``. An address literal keeps its brackets
    as its domain. A local part that is not UTF-8 has its odd bytes spelt ``\xNN``.
    """
    if not path:
        return UnreadablePath(path, "the path is empty")
    if len(path) > MAX_PATH:
        return UnreadablePath(path, f"the path is longer than {MAX_PATH} bytes")
    local, found, domain = _split(_without_route(path.strip(b" \t")))
    if not domain or domain.translate(None, _ODD) != domain or _has_open_comment(local):
        local, found, domain = _as_delivered(path)
    if not found and not local:
        return UnreadablePath(path, "the domain is empty")
    if not found:
        return Address(path, _local_text(local), "")
    if _LITERAL.match(domain):
        return Address(path, _local_text(local), domain.decode("ascii").lower())
    try:
        return Address(path, _local_text(local), normalise(domain))
    except DomainError as error:
        return UnreadablePath(path, str(error))


def _has_open_comment(local: bytes) -> bool:
    # A comment that nothing closes reaches to the end, over what looks like the last @.
    return b"(" in local and b"@" in local and b'"' not in local


def _as_delivered(path: bytes) -> tuple[bytes, bytes, bytes]:
    r"""Part an odd spelling where a lenient server parts it.

    Tried on Postfix 3.7, which delivers each of these to ``c.org``: ``a@c.org@``, ``"a@c.org"``,
    ``a@c.org(comment)``, ``a@c.org;``, ``a@"c.org"``, ``a@c\.org``.
    """
    path = _without_route(path.strip(b" \t"))
    for _ in range(_MOST_WRAPPINGS):
        path = _COMMENT.sub(b"", path).strip(b" \t;@")
        local, found, domain = _split(path)
        if found or not (path.startswith(b'"') and b"@" in path):
            break
        # The whole is quoted: what is inside counts.
        path = path.strip(b'"').replace(b"\\", b"")
    domain = domain.translate(None, b' \t"\\')
    return local, found, domain


def from_text(text: str) -> Address | UnreadablePath:
    """Read an address as people write it: bare, in brackets, or with a name before them.

    A name never bears on the verdict: ``Ivan Petrov (Skoltech) <ivan@gmail.com>`` is the
    mailbox ``ivan@gmail.com``.
    """
    text = text.strip()
    if text.endswith(">"):
        text = text[text.rfind("<") + 1 : -1]
    try:
        # Bytes of a command line that are not UTF-8 arrive as lone surrogates.
        return parse(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return parse(text.encode("utf-8", "replace"))


def mailbox_key(local: str) -> str:
    """Give the form in which local parts are compared.

    Only the receiving host may say that case matters (RFC 5321 section 2.4), and hardly one does.
    """
    return local.casefold()


def without_tag(key: str) -> str:
    """Give a mailbox key without its ``+tag`` (RFC 5233), which the same person reads."""
    base, _, _ = key.partition("+")
    return base or key


def without_batv(local: str) -> str:
    """Give a local part without its BATV signature, if it has one."""
    signature = _BATV.match(local)
    return local[signature.end() :] if signature else local


def _without_route(path: bytes) -> bytes:
    if not path.startswith(b"@"):
        return path
    _, colon, mailbox = path.partition(b":")
    return mailbox if colon else path


def _split(path: bytes) -> tuple[bytes, bytes, bytes]:
    """Part a mailbox at its last unquoted ``@``, as ``bytes.rpartition`` would."""
    at = path.rfind(b"@") if b'"' not in path else _last_unquoted_at(path)
    if at < 0:
        return path, b"", b""
    return path[:at], b"@", path[at + 1 :]


def _last_unquoted_at(path: bytes) -> int:
    last = -1
    for token in _TOKEN.finditer(path):
        if token[0] == b"@":
            last = token.start()
        elif token[1] != b'"':
            # A quote that nothing closes quotes nothing: what took this path split it somewhere.
            return path.rfind(b"@")
    return last


def _local_text(local: bytes) -> str:
    text = local.strip(b" \t").decode("utf-8", "backslashreplace")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        # Two backslashes are one, any other one goes: a quarter of what a regex costs.
        return "\\".join(part.replace("\\", "") for part in text[1:-1].split("\\\\"))
    return text
