"""The sources that a configuration names, held against the catalogue.

``serve`` fetches nothing, and mail has to flow whatever is written there: only ``config check``
and ``lists update`` ask.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ListError
from gateway.lists import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config import Config
    from gateway.errors import Fault
    from gateway.lists.catalogue import Source

POLICIES = "policies"
"""What people wrote: a source that is assembled anew, and not fetched."""


@dataclass(frozen=True, slots=True)
class SourceToFetch:
    """A source to be fetched: the address of each of its files, by role."""

    source: Source
    addresses: dict[str, str]


def faults(config: Config) -> list[Fault]:
    """Tell which of ``lists.sources`` and ``lists.mirrors`` are unknown, or cannot be fetched."""
    told = [("lists.sources", text) for text in _wrong_sources(config)]
    told += [(f"lists.mirrors.{name}", text) for name, text in _wrong_mirrors(config)]
    return [config.fault(key, text) for key, text in told]


def unknown(name: str) -> str | None:
    """Say that a source is in no catalogue and which one was meant; ``None``: it is."""
    known = (POLICIES, *_known())
    return None if name in known else f"{name} is in no catalogue; {_hint(name, known)}"


def source_to_fetch(config: Config, name: str) -> SourceToFetch:
    """Give where a source is fetched, from its mirror if it has one. Raises :class:`ListError`."""
    source = catalogue.find_source(name)
    format_, mirror = source.formats[0], config.lists.mirrors.get(name)
    if mirror is None:
        addresses = format_.addresses
    elif mirror.endswith("/"):
        addresses = tuple(mirror + role for role in format_.roles)
    else:
        addresses = (mirror,)
    if len(addresses) != len(format_.roles):
        raise ListError([config.fault(f"lists.mirrors.{name}", _not_to_be_had(source, mirror))])
    return SourceToFetch(source, dict(zip(format_.roles, addresses, strict=True)))


def _wrong_sources(config: Config) -> Iterator[str]:
    for name in config.lists.sources:
        if name == catalogue.ROR:
            yield f"{name} is no list, and not fetched; `monition lists import` takes its file"
        elif (wrong := unknown(name)) is not None:
            yield wrong
        elif name != POLICIES and name not in config.lists.mirrors:
            source = catalogue.find_source(name)
            if not source.can_be_fetched:
                yield _not_to_be_had(source, None)


def _wrong_mirrors(config: Config) -> Iterator[tuple[str, str]]:
    for name, mirror in config.lists.mirrors.items():
        if name not in _known():
            yield name, f"{name} is in no catalogue; {_hint(name, _known())}"
        elif not mirror.endswith("/") and len(catalogue.find_source(name).formats[0].roles) > 1:
            yield name, _not_to_be_had(catalogue.find_source(name), mirror)


def _not_to_be_had(source: Source, mirror: str | None) -> str:
    roles = source.formats[0].roles
    if mirror is not None:
        return (
            f"{source.name} is made of {len(roles)} files; name the folder that they are in, "
            f"ending in /: {mirror}/"
        )
    return (
        f"{source.name} cannot be fetched from its publisher; name a mirror in [lists.mirrors], or "
        f"import its file ({', '.join(roles)}) and take it out of sources"
    )


def _known() -> tuple[str, ...]:
    return tuple(source.name for source in catalogue.SOURCES)


def _hint(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
