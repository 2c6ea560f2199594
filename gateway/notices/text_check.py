"""The check of the notice texts: each filled in with every kind of example.

What a template gets wrong is found so, with file and line, before a sender sees it
(behaviours P5, N8 and N9).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, Fault
from gateway.model import Tier
from gateway.notices import layout, notice_texts
from gateway.notices.template_facts import InstitutionFacts, TemplateFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.config import Config

_LONGEST_SUBJECT = 120
_OF_THE_PAGE = frozenset({"prose", "language", "link"})


def check(directory: Path, config: Config) -> list[Fault]:
    """Look through the notice texts of a policies directory for ``config``'s languages.

    Every tier is filled in delivered, refused and both, for one institution and for several,
    with and without what is optional. Returns every fault; an empty list where all is well.
    """
    try:
        read = notice_texts.load(directory)
    except ConfigError as problem:
        return list(problem.faults)
    faults: dict[tuple[str, int | None, str], Fault] = {}
    for language in config.notices.languages:
        for fault in _faults_in(language, config, read):
            # An unknown name on a line also fails when the line is filled in: once is enough.
            what = fault.message if fault.line is None else ""
            faults.setdefault((fault.file, fault.line, what), fault)
    return list(faults.values())


def _faults_in(language: str, config: Config, read: notice_texts.NoticeTexts) -> Iterator[Fault]:
    if language not in read.languages:
        place = read.place(f"{language}/{notice_texts.PLAIN_TEXT_FILE}")
        message = f"there are no texts in {language!r}; write them, or leave the language out"
        yield Fault(place, None, "notices.languages", message)
        return
    yield from notice_texts.unknown_names(
        read, language, frozenset(TemplateFacts.__slots__), _OF_THE_PAGE
    )
    for facts in examples(language, config):
        yield from _faults(facts, read)


def examples(language: str, config: Config) -> Iterator[TemplateFacts]:
    """One set of facts for each way that a text can go."""
    for tier, several, more, refused, full in product(
        Tier, (False, True), (0, 3), ("none", "some", "all"), (False, True)
    ):
        if refused == "some" and not several:
            continue
        tiers = (tier, *(t for t in Tier if t is not tier)) if several else (tier,)
        matched = tuple(
            _example(other, at, more, refused=refused == "all" or (refused == "some" and at > 0))
            for at, other in enumerate(tiers)
        )
        yield _facts(language, config, matched, full=full)


def _faults(facts: TemplateFacts, read: notice_texts.NoticeTexts) -> Iterator[Fault]:
    """What is wrong with one example: it can't be filled in, or leaves out what it must say."""
    place = read.place(f"{facts.language}/{notice_texts.PLAIN_TEXT_FILE}")
    try:
        words = layout.prose_of(facts, read)
        layout.html_page(words, facts, read)
    except ConfigError as problem:
        yield from problem.faults
        return
    if len(words.subject) > _LONGEST_SUBJECT:
        yield Fault(place, None, None, f"the subject is longer than {_LONGEST_SUBJECT} letters")
    said = words.words
    needed = {"the reference": facts.reference, "the office's address": facts.email}
    for one in facts.matched:
        needed[f"the name of an institution ({one.tier})"] = one.name
        needed[f"the list of an institution ({one.tier})"] = one.list
        needed[f"a recipient ({one.tier})"] = one.recipients[0]
    for what, value in needed.items():
        if value not in said:
            yield Fault(place, None, None, f"the text leaves out {what}")
    # A name is its bearer's own; only our words are judged.
    ours = said.replace(facts.institution, "").replace(facts.office, "").lower()
    for word in read.forbidden_words.get(facts.language, ()):
        if word in ours:
            yield _said(word, facts.language, read)


def _said(word: str, language: str, read: notice_texts.NoticeTexts) -> Fault:
    """Where a text says what it should not: the line, where the word stands whole on one."""
    place = read.place(f"{language}/{notice_texts.FORBIDDEN_WORDS_FILE}")
    rule = f"the text says {word!r}, which {place} rules out"
    for name, source in read.sources.items():
        at = source.lower().find(word)
        if at >= 0 and name.startswith(f"{language}/") and name.endswith(".j2"):
            return Fault(read.place(name), source.count("\n", 0, at) + 1, None, rule)
    return Fault(read.place(f"{language}/{notice_texts.PLAIN_TEXT_FILE}"), None, None, rule)


def _example(tier: Tier, at: int, more: int, *, refused: bool) -> InstitutionFacts:
    return InstitutionFacts(
        name=f"Example Institute {at + 1}",
        recipients=(f"reader{at + 1}@institute{at + 1}.example",),
        more=more,
        list=f"EXAMPLE-{at + 1}",
        programme="EXAMPLE" if at == 0 else None,
        listed_on=date(2024, 2, 29) if at == 0 else None,
        tier=str(tier),
        refused=refused,
        unsure=at > 1,
    )


def _facts(
    language: str, config: Config, matched: tuple[InstitutionFacts, ...], *, full: bool
) -> TemplateFacts:
    at = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    compliance = config.compliance
    if full:
        compliance = replace(
            compliance,
            officer=compliance.officer or "Dr Jane Example",
            phone=compliance.phone or "+1 555 0100",
            disclosure_url=compliance.disclosure_url or "https://example.edu/disclose",
            notice_url=compliance.notice_url or "https://example.edu/outgoing-mail-notice",
        )
    present = {one.tier for one in matched}
    return TemplateFacts(
        language=language,
        institution=config.institution.name,
        office=compliance.office,
        officer=compliance.officer if full else None,
        email=compliance.email,
        phone=compliance.phone if full else None,
        disclosure_url=compliance.disclosure_url if full else None,
        notice_url=compliance.notice_url if full else None,
        matched=matched,
        tiers=tuple(tier for tier in map(str, Tier) if tier in present),
        delivered=not all(one.refused for one in matched),
        refused=any(one.refused for one in matched),
        sent_at=at,
        next_at=at + timedelta(days=config.notices.every_days),
        reference="01EXAMPLE00000000000000000",
    )
