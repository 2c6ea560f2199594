"""From the document to a ``Config``: every key taken, then what must hold between them."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gateway.config import value_types
from gateway.config.cross_checks import cross_faults
from gateway.config.endpoint import Endpoint
from gateway.config.settings import (
    CONSOLE,
    DESK,
    METRICS,
    BareNewlines,
    Compliance,
    Config,
    Console,
    Desk,
    Institution,
    LedgerFiles,
    Lists,
    Metrics,
    Mode,
    Notices,
    OnLedgerFailure,
    Policies,
    Relay,
    Retention,
    Tls,
)
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.document import Document, Section
    from gateway.errors import Fault

T = TypeVar("T")
D = TypeVar("D", Path, None)

MOST_DAYS = 36_525
"""A hundred years: longer is a slip of the pen."""


def read(document: Document) -> Config:
    """Make a ``Config`` of a document; raises ``ConfigError`` with every fault."""
    config, faults = examine(document)
    if faults:
        raise ConfigError(faults)
    return config


def examine(document: Document) -> tuple[Config, list[Fault]]:
    """Give the faults, by line, beside a ``Config`` in which stand-ins fill in for what is faulty.

    For :func:`read` and those who tell more faults than these; not for running with.
    """
    root = document.root
    folder = Path(os.path.abspath(document.file)).parent  # noqa: PTH100 - symlinks stay as named
    compliance = _compliance(root.table("compliance"))
    notices = _notices(root.table("notices"), compliance.email)
    desk = root.optional_table("desk")
    metrics = root.optional_table("metrics")
    console = root.optional_table("console")
    config = Config(
        institution=_institution(root.table("institution"), folder),
        compliance=compliance,
        relay=_relay(root.table("relay"), folder),
        ledger=_ledger(root.table("ledger"), folder),
        retention=_retention(root.table("retention")),
        lists=_lists(root.table("lists"), folder),
        policies=_policies(root.table("policies"), folder),
        notices=notices,
        desk=None if desk is None else _desk(desk, notices.from_),
        metrics=None if metrics is None else Metrics(_endpoint(metrics, "listen", METRICS)),
        console=None if console is None else Console(_endpoint(console, "listen", CONSOLE)),
        file=Path(document.file),
        lines=document.key_lines,
    )
    # What is faulty by itself was replaced by a stand-in, which proves nothing about other keys.
    faulty = {str(fault.key).partition("[")[0] for fault in document.faults}
    for key, message in cross_faults(config):
        if key not in faulty:
            document.add_fault(tuple(key.split(".")), message)
    try:
        document.check()
    except ConfigError as error:
        return config, list(error.faults)
    return config, []


def _institution(section: Section, folder: Path) -> Institution:
    return Institution(
        name=section.text("name"),
        domains=section.parsed_list("domains", _once(value_types.domain)),
        departments=_path(section, "departments", None, folder),
    )


def _compliance(section: Section) -> Compliance:
    return Compliance(
        office=section.text("office"),
        email=section.parsed("email", value_types.email) or "",
        officer=section.text("officer", default=None),
        phone=section.text("phone", default=None),
        disclosure_url=section.parsed("disclosure_url", value_types.url, default=None),
        notice_url=section.parsed("notice_url", value_types.url, default=None),
    )


def _relay(section: Section, folder: Path) -> Relay:
    default = Relay()
    return Relay(
        listen=_some(section, "listen", Endpoint.parse, default.listen),
        listen_tls=section.parsed_list("listen_tls", _once(Endpoint.parse), default=()),
        certificate_file=_path(section, "certificate_file", None, folder),
        key_file=_path(section, "key_file", None, folder),
        clients=_some(section, "clients", value_types.network, default.clients),
        proxy_protocol=section.parsed_list(
            "proxy_protocol", _once(value_types.network), default=()
        ),
        next_hop=_some(section, "next_hop", Endpoint.parse, default.next_hop),
        next_hop_tls=section.choice("next_hop_tls", Tls, default=default.next_hop_tls),
        workers=section.value("workers", value_types.workers, default=default.workers),
        # An empty list is an answer: nobody's XFORWARD is believed.
        trusted=section.parsed_list("trusted", _once(value_types.network), default=default.trusted),
        max_sessions=section.integer("max_sessions", default=default.max_sessions, at_least=1),
        max_recipients=section.integer(
            "max_recipients", default=default.max_recipients, at_least=1, at_most=50_000
        ),
        on_ledger_failure=section.choice(
            "on_ledger_failure", OnLedgerFailure, default=default.on_ledger_failure
        ),
        bare_newlines=section.choice("bare_newlines", BareNewlines, default=default.bare_newlines),
        drain_seconds=section.integer("drain_seconds", default=default.drain_seconds, at_most=3600),
    )


def _ledger(section: Section, folder: Path) -> LedgerFiles:
    default = LedgerFiles()
    return LedgerFiles(
        path=_path(section, "path", default.path, folder),
        emergency_journal=_path(section, "emergency_journal", default.emergency_journal, folder),
        checkpoint_key_file=_path(section, "checkpoint_key_file", None, folder),
        enterprise_number=section.integer(
            "enterprise_number", default=default.enterprise_number, at_least=1, at_most=2**32 - 1
        ),
    )


def _retention(section: Section) -> Retention:
    default = Retention()
    days = {
        each.name: section.integer(
            each.name, default=getattr(default, each.name), at_least=1, at_most=MOST_DAYS
        )
        for each in dataclasses.fields(Retention)
    }
    return Retention(**days)


def _lists(section: Section, folder: Path) -> Lists:
    default = Lists()
    return Lists(
        directory=_path(section, "directory", default.directory, folder),
        sources=_some(section, "sources", value_types.source, default.sources),
        linkage=section.flag("linkage", default=default.linkage),
        linkage_per_hour=section.integer(
            "linkage_per_hour", default=default.linkage_per_hour, at_least=60
        ),
        resolvers=section.parsed_list("resolvers", _once(value_types.resolver), default=()),
        mirrors=_mirrors(section.table("mirrors")),
    )


def _mirrors(section: Section) -> dict[str, str]:
    """Take a table whose keys are sources; which there are is asked of the catalogue later."""
    names = section.keys()
    found = {name: section.parsed(name, value_types.mirror) for name in names}
    return {name: address for name, address in found.items() if address}


def _policies(section: Section, folder: Path) -> Policies:
    default = Policies()
    return Policies(
        directory=_path(section, "directory", default.directory, folder),
        mode=section.choice("mode", Mode, default=default.mode),
    )


def _notices(section: Section, office: str) -> Notices:
    default = Notices(from_=office, reply_to=office)
    return Notices(
        from_=section.parsed("from", value_types.email, default=default.from_),
        reply_to=section.parsed("reply_to", value_types.email, default=default.reply_to),
        submit=_endpoint(section, "submit", default.submit),
        tls=section.choice("tls", Tls, default=default.tls),
        every_days=section.integer(
            "every_days", default=default.every_days, at_least=1, at_most=366
        ),
        per_hour=section.integer("per_hour", default=default.per_hour, at_least=1),
        languages=_some(section, "languages", value_types.language, default.languages),
    )


def _desk(section: Section, sender: str) -> Desk:
    return Desk(
        address=section.parsed("address", value_types.email, default=sender),
        listen=_endpoint(section, "listen", DESK),
    )


def _endpoint(section: Section, key: str, default: Endpoint) -> Endpoint:
    return section.parsed(key, Endpoint.parse, default=default)


def _path(section: Section, key: str, default: D, folder: Path) -> Path | D:
    """Take a path; a relative one counts from the configuration's own folder."""
    text = section.text(key, default=None)
    return default if text is None else Path(os.path.normpath(folder / text))


def _some(
    section: Section, key: str, parse: Callable[[str], T], default: tuple[T, ...]
) -> tuple[T, ...]:
    """Take a list that may be left out, but not be empty."""
    if key not in section:
        return section.parsed_list(key, parse, default=default)
    return section.parsed_list(key, _once(parse))


def _once(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Make a reader that refuses to give the same value twice."""
    seen: set[T] = set()

    def read(text: str) -> T:
        value = parse(text)
        if value in seen:
            raise ValueError(f"names {value} twice")
        seen.add(value)
        return value

    return read
