"""What mailbox a path names: the one grammar for RCPT, MAIL, ORCPT, lists and people's questions.

RFC 5321 section 4.1.2 (Path, Mailbox) with RFC 6531's UTF-8, and RFC 5322 section 3.4 around it:
nested comments, blanks, quoting, display names, and the old routes of its section 4.4. A local
part may be faulty (``a..b``, over 64 octets, not UTF-8): it is its host's business, and the mail
arrives. Everything about *where* mail goes has to be right, or the path is read as a lenient server
might, and what is found so can never be called listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.addresses.address_literal import normal_literal
from gateway.addresses.domain_name import DomainError, normalise
from gateway.addresses.mailbox_path import PATH_LIMIT, without_brackets
from gateway.model import Address

ODD_LIMIT: Final = 512
"""Octets of a path that is not plain, twice what RFC 5321 gives one; beyond that it is not read."""

# What needs no closer look: nothing is quoted, routed, commented or wrapped in it.
_PLAIN: Final = re.compile(rb'<?([^\x00-\x20"%!@\\<>(),:;\[\]\x7f]+)@([A-Za-z0-9._-]+)>?\Z')
# RFC 5321 section 4.1.3, General-address-literal: a tag, a colon, and what it means.
_GENERAL_LITERAL: Final = re.compile(r"[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]{1,250}")

_TOKEN: Final = re.compile(
    rb"(?P<blank>[ \t\r\n]+)|(?P<special>[<>@,:;])|(?P<literal>\[[^\[\]\\]*\])"
    rb'|(?P<word>"(?:[^"\\]|\\.)*"|[^\x00-\x20"\\()<>@,:;\[\]\x7f]+)',
    re.DOTALL,
)
_PAREN_OR_PAIR: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_SPECIALS: Final = frozenset(bytes((each,)) for each in b"<>@,:;")
_NO_ROUTE: Final = _SPECIALS - {b"@", b","}
# Within a local part, quoted or not: what somebody may part it by.
_PARTING: Final = b'%!@<>(),;:" \t\\'

# What a lenient server overlooks about a mailbox, and within a domain.
_ABOUT: Final = b' \t\r\n\x0b\x0c<>@,;:."'
_WITHIN: Final = b' \t\r\n\x0b\x0c"\\[]'


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """A path that names no mailbox. ``reason`` quotes nothing of it and may be logged."""

    raw: bytes
    reason: str


class PathReading(NamedTuple):
    """A path as it was read.

    ``address`` is what the RFCs read in it where ``is_by_grammar``, and else what a lenient server
    might. ``is_plain``: nothing is quoted, routed, commented or wrapped in it, so that nobody can
    read another mailbox in it. ``around`` is what stands about the mailbox: a name, comments, a
    route.
    """

    raw: bytes
    address: Address | UnreadablePath
    is_by_grammar: bool = False
    is_plain: bool = False
    around: bytes = b""

    @property
    def mailbox(self) -> Address:
        """The mailbox to be shown: what the grammar does not read, just as it was written."""
        if self.is_by_grammar and isinstance(self.address, Address):
            return self.address
        raw = without_brackets(self.raw)
        return Address(raw, raw.decode("utf-8", "backslashreplace"), "")


def parse(path: bytes) -> Address | UnreadablePath:
    r"""Read the mailbox that a path names, with its brackets or without; never raises.

    A route is passed over (RFC 5321 appendix C). A path without an ``@`` (``postmaster``) is local:
    its domain is ``""``. An address literal keeps its brackets as its domain. A local part that is
    not UTF-8 has its odd bytes spelt ``\xNN``.
    """
    return read(path).address


def read(path: bytes) -> PathReading:
    """Read a path as :func:`parse` does, and tell how it was come by."""
    if len(path) > PATH_LIMIT:
        return PathReading(path, UnreadablePath(path, f"it is longer than {PATH_LIMIT} octets"))
    # Some servers decode an encoded word (RFC 2047) where it does not belong.
    plain = _PLAIN.match(path) if b"=?" not in path else None
    if plain is None and len(path) > ODD_LIMIT:
        why = f"it is not plain, and longer than {ODD_LIMIT} octets"
        return PathReading(path, UnreadablePath(path, why))
    try:
        if plain is not None:
            address = Address(without_brackets(path), _text(plain[1]), _host(plain[2]))
            return PathReading(path, address, is_by_grammar=True, is_plain=True)
        return _by_grammar(path)
    except (_NotGrammaticalError, DomainError):
        return PathReading(path, _guess(path))


class _NotGrammaticalError(Exception):
    """The grammar does not read this path."""


def _by_grammar(path: bytes) -> PathReading:
    tokens, around = _tokens(path)
    is_plain = not around
    if b"<" in tokens:
        start = tokens.index(b"<")
        if tokens[-1] != b">" or not _SPECIALS.isdisjoint(tokens[:start]):
            raise _NotGrammaticalError
        around += tokens[:start]
        tokens = tokens[start + 1 : -1]
    if tokens[:1] == [b"@"] and b":" in tokens:
        # RFC 5321 section 4.1.2, A-d-l: a host may go that way, and hardly one does.
        end = tokens.index(b":")
        if not _NO_ROUTE.isdisjoint(tokens[:end]):
            raise _NotGrammaticalError
        around += tokens[:end]
        tokens = tokens[end + 1 :]
    at = tokens.index(b"@") if b"@" in tokens else len(tokens)
    local = _joined(tokens[:at])
    domain = _joined(tokens[at + 1 :]) if at < len(tokens) else None
    host = "" if domain is None else _host(domain)
    inner = local[1:-1] if _is_quoted(local) else local
    is_plain = is_plain and not around and len(inner.translate(None, _PARTING)) == len(inner)
    is_plain = is_plain and b"=?" not in path and len(without_brackets(path).split()) == 1
    address = Address(without_brackets(path), _text(local), host)
    return PathReading(
        path, address, is_by_grammar=True, is_plain=is_plain, around=b" ".join(around)
    )


def _tokens(path: bytes) -> tuple[list[bytes], list[bytes]]:
    """Part a path into words, specials and literals; and give its comments' contents.

    RFC 5322 section 3.2.2: comments nest, and stand with blanks between any two tokens.
    """
    tokens: list[bytes] = []
    comments: list[bytes] = []
    at = 0
    while at < len(path):
        if path[at : at + 1] == b"(":
            end = comment_end(path, at)
            if end is None:
                raise _NotGrammaticalError
            comments.append(path[at + 1 : end - 1])
            at = end
            continue
        match = _TOKEN.match(path, at)
        if match is None:
            raise _NotGrammaticalError
        at = match.end()
        if match.lastgroup != "blank":
            tokens.append(match[0])
    return tokens, comments


def comment_end(text: bytes, start: int) -> int | None:
    """Where the comment that begins at ``start`` is over; ``None``: nothing closes it."""
    depth = 0
    for match in _PAREN_OR_PAIR.finditer(text, start):
        if match[0] == b"(":
            depth += 1
        elif match[0] == b")":
            depth -= 1
            if not depth:
                return match.end()
    return None


def _joined(words: list[bytes]) -> bytes:
    """A local part or a domain of its words: RFC 5322 section 4.4 wants dots between them."""
    if not words or not _SPECIALS.isdisjoint(words):
        raise _NotGrammaticalError
    for before, after in pairwise(words):
        if not before.endswith(b".") and not after.startswith(b"."):
            raise _NotGrammaticalError
    return b"".join(words)


def _host(domain: bytes) -> str:
    if not domain.startswith(b"["):
        host = normalise(domain)
        # No top-level domain begins with a digit: it is an IP address without its brackets.
        is_number = host[host.rfind(".") + 1 :][:1].isdigit()
        return (normal_literal(host) or host) if is_number else host
    content = domain[1:-1].decode("ascii", "replace")
    if (literal := normal_literal(content)) is not None:
        return literal
    if _GENERAL_LITERAL.fullmatch(content) is None:
        # Sendmail takes [example.org] for a host name.
        raise _NotGrammaticalError
    return domain.decode("ascii").lower()


def _guess(path: bytes) -> Address | UnreadablePath:
    """Where a lenient server might send what the grammar does not read.

    It goes by the last ``@``, in the innermost brackets if there are any.
    """
    bare = without_comments(path)
    inner = bare[bare.rfind(b"<") + 1 :]
    inner = inner.partition(b">")[0].strip(_ABOUT) or bare.strip(_ABOUT)
    local, at, domain = inner.rpartition(b"@")
    if not inner:
        return UnreadablePath(path, "it names nobody")
    if not at:
        return Address(without_brackets(path), _text(inner), "")
    try:
        return Address(
            without_brackets(path), _text(local), normalise(domain.translate(None, _WITHIN))
        )
    except DomainError as error:
        return UnreadablePath(path, str(error))


def without_comments(text: bytes, instead: bytes = b"") -> bytes:
    """A text with something else instead of comments, nested ones too; one left open is left."""
    kept, at = [], 0
    while (start := text.find(b"(", at)) >= 0 and (end := comment_end(text, start)) is not None:
        kept.append(text[at:start])
        at = end
    return instead.join([*kept, text[at:]])


def _is_quoted(word: bytes) -> bool:
    return len(word) > 1 and word.startswith(b'"') and word.endswith(b'"')


def _text(local: bytes) -> str:
    text = local.strip(b" \t").decode("utf-8", "backslashreplace")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        # Two backslashes are one, any other one goes: a quarter of what a regex costs.
        return "\\".join(part.replace("\\", "") for part in text[1:-1].split("\\\\"))
    return text
