"""The pure rooms open nothing and ask nobody the time: the same in gives the same out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house.breach import Breach, of_a_table
from tests.house.imports import named
from tests.house.names import Module, Outside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tests.house.names import Names, Scope
    from tests.house.source_files import SourceFile, SourceFiles

PURE = (
    "gateway/model.py",
    "gateway/addresses",
    "gateway/document",
    "gateway/smtp",
    "gateway/screening",
    "gateway/lists",
    "gateway/policy",
    "gateway/notices",
    "gateway/ledger/record",
    "gateway/ledger/questions",
    # Pure files among others that are not.
    "gateway/ledger/erasure/mentions.py",
    "gateway/ledger/evidence/safe_cell.py",
    "gateway/ledger/evidence/syslog_ocsf.py",
)
"""Folders and files."""

FORBIDDEN = frozenset(
    (
        # loops, threads and processes
        *("asyncio", "uvloop", "threading", "_thread", "concurrent", "multiprocessing"),
        *("subprocess", "pty", "signal", "sched", "queue"),
        # sockets and the network
        *("socket", "socketserver", "ssl", "select", "selectors", "http", "urllib", "ftplib"),
        *("smtplib", "imaplib", "poplib", "xmlrpc", "webbrowser", "wsgiref"),
        *("aiosmtpd", "aiosmtplib", "dns", "httpx"),
        # files and databases; a path that is handed over may be opened
        *("sqlite3", "sqlite_utils", "dbm", "os", "shutil", "tempfile", "mmap", "fcntl", "ctypes"),
        *("logging", "structlog"),
        # the time and chance
        *("time", "random", "secrets", "uuid", "getpass"),
        *("datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow"),
        "datetime.date.today",
    )
)
"""Modules with all within them, and single names."""

HARMLESS = frozenset({"urllib.parse"})
"""What lies within one of those and only works on texts."""


def breaches(files: SourceFiles, names: Names, pure: Collection[str] = PURE) -> Iterator[Breach]:
    """Tell each use of what is forbidden, and each entry of the table that names nothing."""
    for entry in pure:
        of = [file for file in files if str(file.path) == entry] or files.below(entry)
        if not of:
            yield of_a_table(__file__, entry, f"there is no {entry}", "take the entry out")
        for file in of:
            for node, scope in names.walk(file):
                for used in sorted(set(filter(is_forbidden, _outside(names, file, node, scope)))):
                    assert isinstance(node, ast.stmt | ast.expr)
                    yield Breach(
                        str(file.path),
                        node.lineno,
                        f"uses {used}, and {entry} is pure",
                        "take what it gives as an argument",
                    )


def is_forbidden(name: str) -> bool:
    """Is a full name one of those, or does it lie within one?"""
    parts = name.split(".")
    ways = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return bool(ways & FORBIDDEN) and not ways & HARMLESS


def _outside(names: Names, file: SourceFile, node: ast.AST, scope: Scope) -> Iterator[str]:
    """Give the full names of what is not ours that a node names, whoever hands it on."""
    for module, name in named(file, names, node, scope):
        if name is None or name == "*":
            yield module
        else:
            # A library's is taken by its name; ours may hand on a library's.
            meanings = names.members(module, name)
            yield from (one.name for one in meanings if isinstance(one, Module | Outside))
    if isinstance(node, ast.Attribute):
        meanings = names.meanings(node, scope)
        yield from (one.name for one in meanings if isinstance(one, Module | Outside))
