"""All sections, in the order that a run takes them. A new one is added here."""

from __future__ import annotations

from benchmarks.sections import latency, ledger, lists, matched, memory, names, relay

SECTIONS = {
    section.name: section
    for section in (
        *(relay.SECTION, latency.SECTION, memory.SECTION, matched.SECTION),
        *(lists.SECTION, names.SECTION, ledger.SECTION),
    )
}
