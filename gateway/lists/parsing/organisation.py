"""A research organisation as a registry knows it: what proposals of domains are made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Organisation:
    """One record of the Research Organization Registry (ROR, schema 2). No sanction list.

    ``ror`` is its id without the address, ``00v0z9322``. ``name`` is the one the registry shows;
    ``names`` are all of them, that one first, in every language, acronyms too. ``country`` is an
    ISO 3166-1 code. ``domains`` and ``websites`` are text as the record gives it.
    """

    ror: str
    name: str
    place: str
    names: tuple[str, ...]
    country: str | None = None
    domains: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    is_active: bool = True
